package io.sluice.gateway.config;

import io.sluice.api.Factory;
import io.sluice.gateway.filter.InTime;
import io.sluice.gateway.filter.NamedFilter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Turns the text of a configuration file into a snapshot that the gateway can run, or tells all
 * that is wrong with it.
 *
 * <pre>
 * text ─▶ YamlReader ─▶ nodes ─▶ Binder ─▶ GatewayConfig ─▶ ConfigChecks ─▶ FilterMaker
 *             └────────────────────┴──────── Faults ────────────┴──────────────┤
 *                                                   snapshot ◀── ChainChecks ◀─┘
 * </pre>
 */
public final class ConfigLoader {
  /** What code of extensions may take while they are made, in seconds. */
  private static final long SECONDS = 30;

  private ConfigLoader() {}

  /**
   * Loads a configuration. Filters are made but nothing is started. Blocks while it works, so it
   * belongs on a worker thread; it shares nothing with other loads.
   *
   * @param file the file's name as faults shall tell it; it is not read, but files that the text
   *     names are looked for beside it
   * @param text what is in the file
   * @param factories the extensions that there are
   * @throws ConfigException with every fault that was found
   */
  public static LoadedConfig load(
      String file, String text, Collection<? extends Factory<?, ?>> factories) {
    return load(file, file, text, factories);
  }

  /**
   * Loads a configuration that is kept elsewhere than where it belongs; else as {@link
   * #load(String, String, Collection)}.
   *
   * @param beside files that the text names are looked for beside this one
   */
  public static LoadedConfig load(
      String file, String beside, String text, Collection<? extends Factory<?, ?>> factories) {
    return load(file, beside, text, factories, new MadeFilters(), SECONDS);
  }

  /**
   * Loads a configuration in place of another. Filters whose place, factory and settings are as
   * they were are those of the one before; else as {@link #load(String, String, Collection)}.
   *
   * @param before stays as it is
   */
  public static LoadedConfig load(
      String file,
      String text,
      Collection<? extends Factory<?, ?>> factories,
      LoadedConfig before) {
    return load(file, file, text, factories, before.made().copy(), SECONDS);
  }

  /**
   * Which jars of plugins a configuration allows, which has to be known before their filters are.
   * Of the rest, faults are left to {@link #load}.
   *
   * @return the SHA-256 of each, as hexadecimal digits in lower case; empty if all are allowed
   * @throws ConfigException with the faults that were found, if it cannot be told for them
   */
  public static Set<String> allowedPlugins(String file, String text) {
    Faults faults = new Faults(file);
    Positions positions = new Positions();
    ConfigNode tree = YamlReader.read(text, faults);
    GatewayConfig model =
        tree == null
            ? null
            : new Binder(faults, positions, folderOf(file), new Extensions(List.of()))
                .bind(GatewayConfig.class, tree);
    if (model == null || model.plugins() == null || positions.isFaulty(model.plugins())) {
      throw new ConfigException(faults.inOrder());
    }
    return model.plugins().allow().stream()
        .map(sha256 -> sha256.toLowerCase(Locale.ROOT))
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * @param seconds what it may take
   */
  static LoadedConfig load(
      String file,
      String beside,
      String text,
      Collection<? extends Factory<?, ?>> factories,
      MadeFilters before,
      long seconds) {
    try {
      return InTime.call("config-load", seconds, () -> load(file, beside, text, factories, before));
    } catch (TimeoutException e) {
      String what = "making what it uses of plugins " + e.getMessage();
      throw new ConfigException(
          List.of(Fault.ofFile(file, what, "settings and create() must not wait, start() may")));
    } catch (RuntimeException e) {
      throw e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    } catch (Exception e) { // there is no other that code may throw without saying so
      throw new IllegalStateException(e);
    }
  }

  private static LoadedConfig load(
      String file,
      String beside,
      String text,
      Collection<? extends Factory<?, ?>> factories,
      MadeFilters before) {
    Faults faults = new Faults(file);
    Positions positions = new Positions();
    Extensions extensions = new Extensions(factories);
    Binder binder = new Binder(faults, positions, folderOf(beside), extensions);

    ConfigNode tree = YamlReader.read(text, faults);
    GatewayConfig model = tree == null ? null : binder.bind(GatewayConfig.class, tree);
    if (model == null) {
      throw new ConfigException(faults.inOrder(), binder.secretFiles());
    }
    new ConfigChecks(model, positions, faults).run();
    FilterMaker maker = new FilterMaker(extensions, binder, positions, faults, before);
    List<NamedFilter> global = maker.make("global", model.filters());
    Map<String, List<NamedFilter>> ofListeners = new LinkedHashMap<>();
    model
        .listeners()
        .forEach(
            (name, listener) ->
                ofListeners.put(name, maker.make("listener " + name, listener.filters())));
    List<LoadedRoute> routes = new ArrayList<>();
    for (RouteConfig route : model.routes()) {
      List<NamedFilter> own = maker.make("route " + route.name(), route.filters());
      routes.add(new LoadedRoute(route, own, positions.of(route)));
    }
    Map<String, List<NamedFilter>> ofClusters = new LinkedHashMap<>();
    model
        .clusters()
        .forEach(
            (name, cluster) ->
                ofClusters.put(name, maker.make("cluster " + name, cluster.filters())));
    LoadedConfig loaded =
        new LoadedConfig(
            file,
            model,
            global,
            ofListeners,
            routes,
            ofClusters,
            maker.made(),
            binder.secretFiles(),
            List.of());
    new ChainChecks(loaded, maker.places(), faults).run();
    if (faults.count() > 0) {
      throw new ConfigException(faults.inOrder(), binder.secretFiles());
    }
    return loaded.with(new ConfigWarnings(loaded, positions).find());
  }

  private static Path folderOf(String file) {
    Path parent = Path.of(file).toAbsolutePath().getParent();
    return parent == null ? Path.of("/") : parent;
  }
}
