package io.sluice.gateway.plugin;

import io.sluice.gateway.plugin.PluginStatus.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Code that is in use no more: kept by the calls that began with it until the last has let go, and
 * then looked after until it has left the memory. Used by one thread.
 */
final class Departures {
  private record Leaving(LoadedPlugin plugin, State state, Instant since) {}

  private final List<Leaving> leaving = new ArrayList<>();
  private final CodeWatch watch;

  Departures(CodeWatch watch) {
    this.watch = watch;
  }

  CodeWatch watch() {
    return watch;
  }

  /** Lets go of a plugin for the host. */
  void add(LoadedPlugin plugin, State state) {
    leaving.add(new Leaving(plugin, state, Instant.now()));
    plugin.release();
  }

  /** Lets go of one that has never been in use. */
  void addUnused(LoadedPlugin plugin) {
    plugin.release();
    watch.watch(plugin);
  }

  /** Those that are still kept. */
  List<LoadedPlugin> plugins() {
    return leaving.stream().map(Leaving::plugin).toList();
  }

  /**
   * Looks after them.
   *
   * @param others plugins that are in use
   * @return of those that are still there, in memory or kept
   */
  List<PluginStatus> look(Collection<LoadedPlugin> others) {
    leaving.removeIf(this::isUnloaded);
    List<PluginStatus> all = new ArrayList<>();
    List<ClassLoader> code = new ArrayList<>();
    others.forEach(plugin -> addCode(plugin, code));
    for (Leaving left : leaving) {
      all.add(PluginStatus.of(left.plugin(), left.state(), left.since(), ""));
      addCode(left.plugin(), code);
    }
    all.addAll(watch.look(code));
    return all;
  }

  private boolean isUnloaded(Leaving left) {
    if (left.plugin().isUnloaded()) {
      watch.watch(left.plugin());
      return true;
    }
    return false;
  }

  private static void addCode(LoadedPlugin plugin, List<ClassLoader> code) {
    ClassLoader of = plugin.classLoader();
    if (of != null) {
      code.add(of);
    }
  }
}
