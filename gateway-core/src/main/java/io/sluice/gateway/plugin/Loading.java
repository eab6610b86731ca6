package io.sluice.gateway.plugin;

import io.sluice.api.Factory;
import java.util.function.Consumer;

/** Makes code of a copied jar: every check that there is, and then the plugin's constructors. */
final class Loading {
  private final String api;
  private final Consumer<Factory<?, ?>> check;
  private final long seconds;

  /**
   * @param api the version of the API that the gateway has
   * @param check throws {@link IllegalArgumentException} if the gateway cannot use what a factory
   *     makes, and says why
   * @param seconds what the plugin's constructors and static initialisers may take
   */
  Loading(String api, Consumer<Factory<?, ?>> check, long seconds) {
    this.api = api;
    this.check = check;
    this.seconds = seconds;
  }

  /**
   * Checks a jar without loading a class of it.
   *
   * @throws PluginRefused with what is wrong with it
   */
  PluginManifest check(Staged staged) throws PluginRefused {
    return JarCheck.check(staged, api);
  }

  /**
   * Loads one that has been checked.
   *
   * @param generation how many of this id were loaded before, and one
   * @return held once, by the caller
   * @throws PluginRefused with what is wrong with it; nothing of it is loaded then, unless its code
   *     goes on for ever
   */
  LoadedPlugin load(Staged staged, PluginManifest manifest, int generation) throws PluginRefused {
    return Bounded.run(
        manifest.id(),
        seconds,
        () -> checked(LoadedPlugin.load(staged, manifest, api, generation)),
        LoadedPlugin::release);
  }

  private LoadedPlugin checked(LoadedPlugin loaded) throws PluginRefused {
    for (Factory<?, ?> factory : loaded.factories()) {
      try {
        check.accept(factory);
      } catch (Throwable e) { // whatever its author's code may throw
        String name = factory.getClass().getName();
        loaded.release();
        String reason = e instanceof IllegalArgumentException ? e.getMessage() : e.toString();
        throw new PluginRefused("the gateway cannot use what " + name + " makes", reason);
      }
    }
    return loaded;
  }
}
