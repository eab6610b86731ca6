package io.sluice.gateway.plugin;

import io.sluice.gateway.plugin.PluginFolder.Look;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is loaded and what lies in the plugins folder alike. A jar that is not taken changes
 * nothing: what ran before goes on running. Used by one thread at a time, and blocks; only {@link
 * #jars} is for all threads.
 *
 * <pre>
 * plugins/*.jar ─▶ PluginFolder ─▶ Staging ─▶ JarCheck ─▶ LoadedPlugin ─▶ Users ─▶ in use
 *                   (settled)      (copied)               (code runs)      (configuration fits)
 * </pre>
 */
public final class PluginHost {
  private static final Logger LOG = LoggerFactory.getLogger(PluginHost.class);

  /** So long may a plugin's constructors and static initialisers take, in seconds. */
  private static final long LOAD_SECONDS = 10;

  /** Those that use plugins. */
  public interface Users {

    /**
     * Takes these plugins into use in place of those before; keeps hold of what it uses.
     *
     * @throws PluginRefused if that is not possible; those before are still in use then
     */
    void use(List<LoadedPlugin> plugins) throws PluginRefused;
  }

  /** No file looks so: what is to be tried once more. */
  private static final Look NEVER = new Look(-1, FileTime.fromMillis(0), null);

  /**
   * A jar as operators see it.
   *
   * @param name in the plugins folder
   * @param running what runs of it, null if nothing
   * @param reason why what lies there now is not what runs; empty if it is
   */
  public record Jar(String name, @Nullable LoadedPlugin running, String reason) {}

  private final PluginFolder folder;
  private final Staging staging;
  private final String api;

  /** What was last taken up of each jar, or tried to. */
  private final Map<String, Look> seen = new TreeMap<>();

  /** Why a jar's content is not what runs. */
  private final Map<String, String> reasons = new HashMap<>();

  /** Jars that were refused because another one is the same plugin. */
  private final Set<String> duplicates = new HashSet<>();

  /** By their ids. */
  private final Map<String, LoadedPlugin> running = new TreeMap<>();

  private final Map<String, Integer> generations = new HashMap<>();
  private volatile List<Jar> jars = List.of();

  /**
   * @param folder where users put their jars; may not be there
   * @param copies a folder of the gateway's own, empty
   * @param api the version of the API that the gateway has
   */
  public PluginHost(Path folder, Path copies, String api) {
    this.folder = new PluginFolder(folder);
    this.staging = new Staging(copies);
    this.api = api;
  }

  /** Those in use, in the order of their ids. */
  public List<LoadedPlugin> plugins() {
    return List.copyOf(running.values());
  }

  /** Every jar that is there, or was when it was taken up, in the order of their names. */
  public List<Jar> jars() {
    return jars;
  }

  /**
   * Takes up what has changed in the folder. A change counts when two calls have seen it.
   *
   * @throws IOException if the folder cannot be read
   */
  public void update(Users users) throws IOException {
    Map<String, Look> settled = folder.look();
    List<String> gone = seen.keySet().stream().filter(jar -> !folder.has(jar)).toList();
    if (!gone.isEmpty()) {
      duplicates.forEach(jar -> seen.put(jar, NEVER));
    }
    boolean changed = false;
    for (Map.Entry<String, Look> jar : settled.entrySet()) {
      if (!jar.getValue().equals(seen.put(jar.getKey(), jar.getValue()))) {
        take(jar.getKey(), users);
        changed = true;
      }
    }
    for (String jar : gone) {
      seen.remove(jar);
      letGo(jar, users);
      changed = true;
    }
    if (changed) {
      show();
    }
  }

  /**
   * Tries once more what was refused, at the next {@link #update}: to be called when what plugins
   * are used for has changed.
   */
  public void reconsider() {
    reasons.keySet().forEach(jar -> seen.put(jar, NEVER));
  }

  private void take(String jar, Users users) {
    duplicates.remove(jar);
    try {
      Staged staged = staging.copy(folder.path(jar));
      if (runs(staged)) {
        staged.delete(); // it was written again as it was
      } else {
        use(staged, users);
      }
      reasons.remove(jar);
    } catch (PluginRefused | IOException e) {
      refused(jar, e);
    }
  }

  private boolean runs(Staged staged) {
    return running.values().stream()
        .anyMatch(
            plugin ->
                plugin.jar().equals(staged.name()) && plugin.sha256().equals(staged.sha256()));
  }

  private void use(Staged staged, Users users) throws PluginRefused, IOException {
    LoadedPlugin loaded = load(staged);
    try {
      use(loaded, users);
    } catch (PluginRefused e) {
      loaded.release();
      throw e;
    }
  }

  private LoadedPlugin load(Staged staged) throws PluginRefused, IOException {
    try {
      PluginManifest manifest = JarCheck.check(staged, api);
      int generation = generations.merge(manifest.id(), 1, Integer::sum);
      return Bounded.run(
          manifest.id(),
          LOAD_SECONDS,
          () -> LoadedPlugin.load(staged, manifest, api, generation),
          LoadedPlugin::release);
    } catch (PluginRefused | IOException e) {
      staged.delete();
      throw e;
    }
  }

  private void use(LoadedPlugin now, Users users) throws PluginRefused {
    String id = now.manifest().id();
    LoadedPlugin namesake = running.get(id);
    if (namesake != null && !namesake.jar().equals(now.jar()) && folder.has(namesake.jar())) {
      duplicates.add(now.jar());
      throw new PluginRefused(
          "plugin '" + id + "' is already there, from " + namesake.jar(),
          "remove one of the two jars");
    }
    Map<String, LoadedPlugin> wanted = new TreeMap<>(running);
    wanted.values().removeIf(plugin -> plugin.jar().equals(now.jar()));
    wanted.put(id, now);
    switchTo(wanted, users);
    LOG.atInfo()
        .setMessage(namesake == null ? "plugin taken up" : "plugin replaced")
        .addKeyValue("plugin", now)
        .addKeyValue("jar", now.jar())
        .addKeyValue("sha256", now.sha256())
        .log();
  }

  private void letGo(String jar, Users users) {
    reasons.remove(jar);
    duplicates.remove(jar);
    LoadedPlugin gone =
        running.values().stream().filter(p -> p.jar().equals(jar)).findAny().orElse(null);
    if (gone == null) {
      return;
    }
    Map<String, LoadedPlugin> wanted = new TreeMap<>(running);
    wanted.remove(gone.manifest().id());
    try {
      switchTo(wanted, users);
      LOG.atInfo().setMessage("plugin removed").addKeyValue("plugin", gone).log();
    } catch (PluginRefused e) {
      refused(jar, new PluginRefused("its jar is gone, but it stays", e.getMessage()));
    }
  }

  private void switchTo(Map<String, LoadedPlugin> wanted, Users users) throws PluginRefused {
    users.use(List.copyOf(wanted.values()));
    List<LoadedPlugin> gone = new ArrayList<>(running.values());
    gone.removeAll(wanted.values());
    running.clear();
    running.putAll(wanted);
    gone.forEach(LoadedPlugin::release);
  }

  private void refused(String jar, Exception why) {
    reasons.put(jar, String.valueOf(why.getMessage()));
    LOG.atWarn()
        .setMessage("plugin refused, what ran goes on running: {}")
        .addArgument(why.getMessage())
        .addKeyValue("jar", jar)
        .setCause(why.getCause())
        .log();
  }

  private void show() {
    Map<String, Jar> all = new TreeMap<>();
    reasons.forEach((name, reason) -> all.put(name, new Jar(name, null, reason)));
    running
        .values()
        .forEach(
            plugin ->
                all.put(
                    plugin.jar(),
                    new Jar(plugin.jar(), plugin, reasons.getOrDefault(plugin.jar(), ""))));
    jars = List.copyOf(all.values());
  }
}
