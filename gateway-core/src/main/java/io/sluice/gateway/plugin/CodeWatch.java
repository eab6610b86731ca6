package io.sluice.gateway.plugin;

import io.sluice.gateway.plugin.PluginStatus.State;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that the code of plugins that were unloaded is collected, and names what holds it if
 * it is not. Used by one thread; looking may block.
 */
final class CodeWatch {
  private static final Logger LOG = LoggerFactory.getLogger(CodeWatch.class);

  /** A collection of its own accord may come first. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** When it should have been collected. */
  static final Duration PATIENCE = Duration.ofMinutes(1);

  /** From one collection that is asked for to the next, at least. */
  private static final long COLLECTION_NANOS = Duration.ofMinutes(1).toNanos();

  /** For references to be cleared. */
  private static final long CLEARING_NANOS = Duration.ofSeconds(1).toNanos();

  /** Code that was unloaded. */
  private static final class Unloaded {
    private final PluginStatus plugin;
    private final WeakReference<ClassLoader> code;
    private final long nanos = System.nanoTime();
    private @Nullable PluginStatus told;

    Unloaded(LoadedPlugin plugin) {
      this.plugin = PluginStatus.of(plugin, State.UNCOLLECTED, Instant.now(), "");
      this.code = plugin.code();
    }
  }

  private final List<Unloaded> waiting = new ArrayList<>();
  private final long graceNanos;
  private final long patienceNanos;
  private long askedNanos = System.nanoTime() - COLLECTION_NANOS;
  private volatile long unloaded;
  private volatile long collected;

  CodeWatch() {
    this(GRACE, PATIENCE);
  }

  /**
   * @param grace after so long a collection is asked for
   * @param patience after so long it is told what holds the code
   */
  CodeWatch(Duration grace, Duration patience) {
    graceNanos = grace.toNanos();
    patienceNanos = patience.toNanos();
  }

  /** It has been unloaded. */
  void watch(LoadedPlugin plugin) {
    waiting.add(new Unloaded(plugin));
    unloaded++;
  }

  /** How often code was unloaded. For all threads. */
  long unloaded() {
    return unloaded;
  }

  /** How much of that has been seen to be collected. For all threads. */
  long collected() {
    return collected;
  }

  /**
   * Looks whether it is collected.
   *
   * @param others class loaders of plugins that are there
   * @return of what should have been and was not
   */
  List<PluginStatus> look(Collection<ClassLoader> others) {
    waiting.removeIf(this::isCollected);
    long now = System.nanoTime();
    List<PluginStatus> held = new ArrayList<>();
    for (Unloaded plugin : waiting) {
      if (plugin.told == null && now - plugin.nanos >= graceNanos) {
        collect(plugin);
      }
      boolean askedSince = askedNanos - plugin.nanos >= 0 && now - askedNanos >= CLEARING_NANOS;
      if (plugin.told == null && now - plugin.nanos >= patienceNanos && askedSince) {
        plugin.told = tell(plugin, others);
      }
      if (plugin.told != null) {
        held.add(plugin.told);
      }
    }
    return held;
  }

  private boolean isCollected(Unloaded plugin) {
    if (plugin.code.get() != null) {
      return false;
    }
    collected++;
    if (plugin.told != null) {
      LOG.atInfo()
          .setMessage("code of an unloaded plugin is collected after all")
          .addKeyValue("plugin", name(plugin.plugin))
          .log();
    }
    return true;
  }

  /** Asks for a collection unless there was one since, or one was asked for just before. */
  private void collect(Unloaded plugin) {
    long now = System.nanoTime();
    if (askedNanos - plugin.nanos < 0 && now - askedNanos >= COLLECTION_NANOS) {
      System.gc();
      askedNanos = System.nanoTime();
    }
  }

  private static PluginStatus tell(Unloaded plugin, Collection<ClassLoader> others) {
    ClassLoader code = plugin.code.get();
    List<String> holders = code == null ? List.of() : CodeHolders.of(code, others);
    String by = holders.isEmpty() ? "what holds it is not to be seen" : String.join("; ", holders);
    PluginStatus was = plugin.plugin;
    LOG.atWarn()
        .setMessage("code of an unloaded plugin is still in memory: {}")
        .addArgument(by)
        .addKeyValue("plugin", name(was))
        .log();
    return was.because("its code was unloaded and is still in memory: " + by);
  }

  private static String name(PluginStatus plugin) {
    return plugin.id() + ' ' + plugin.version() + " (generation " + plugin.generation() + ')';
  }
}
