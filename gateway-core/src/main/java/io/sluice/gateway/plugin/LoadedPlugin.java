package io.sluice.gateway.plugin;

import io.sluice.api.Factory;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.filter.InTime;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pf4j.PluginRuntimeException;
import org.pf4j.PluginState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A plugin whose code is there: one generation of it, with a class loader of its own. Whoever uses
 * the code keeps hold of it; it is unloaded when the last has let go. Safe for all threads.
 */
public final class LoadedPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(LoadedPlugin.class);

  /** What the stop of its Plugin-Class may take before others are no longer kept waiting. */
  private static final long STOP_SECONDS = 5;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");

  private final Staged staged;
  private final PluginManifest manifest;
  private final OnePlugin manager;
  private final List<String> filters;
  private final boolean onlyFilters;
  private final int generation;
  private final Instant since = Instant.now();
  private final AtomicInteger holders = new AtomicInteger(1);

  /** These are let go of when the code is unloaded, so that whoever has this does not keep it. */
  private volatile List<Factory<?, ?>> factories;

  private volatile @Nullable ClassLoader code;

  private final WeakReference<ClassLoader> codeThatWas;

  private LoadedPlugin(
      Staged staged,
      PluginManifest manifest,
      OnePlugin manager,
      ClassLoader code,
      Map<String, Factory<?, ?>> factories,
      int generation) {
    this.staged = staged;
    this.manifest = manifest;
    this.manager = manager;
    this.code = code;
    this.codeThatWas = new WeakReference<>(code);
    this.factories = List.copyOf(factories.values());
    this.filters =
        factories.keySet().stream()
            .filter(name -> factories.get(name) instanceof FilterFactory)
            .toList();
    this.onlyFilters = filters.size() == this.factories.size();
    this.generation = generation;
  }

  /**
   * Loads a plugin's code and makes its extensions. Runs code of the plugin, which may do anything,
   * and not come back.
   *
   * @param api the version of the API that the gateway has
   * @param generation how many of this id were loaded before, and one
   * @return held once, by the caller
   * @throws PluginRefused if its code fails; it is unloaded then
   */
  static LoadedPlugin load(Staged staged, PluginManifest manifest, String api, int generation)
      throws PluginRefused {
    OnePlugin manager = new OnePlugin(staged.file().getParent(), api);
    try {
      String id = manager.loadPlugin(staged.file());
      if (manager.startPlugin(id) != PluginState.STARTED) {
        Throwable why = manager.getPlugin(id).getFailedException();
        throw why == null
            ? new PluginRefused("PF4J does not start it", "see the log")
            : new PluginRefused("its Plugin-Class failed", why);
      }
      ClassLoader code = manager.getPluginClassLoader(id);
      return new LoadedPlugin(
          staged, manifest, manager, code, extensions(manager, code, id), generation);
    } catch (PluginRefused e) {
      unload(manager, manifest);
      throw e;
    } catch (Throwable e) { // whatever its author's code may throw
      unload(manager, manifest);
      throw new PluginRefused("its code failed", e.getCause() == null ? e : e.getCause());
    }
  }

  /** By their names, in the order of the jar's index. */
  private static Map<String, Factory<?, ?>> extensions(
      OnePlugin manager, ClassLoader code, String id) throws PluginRefused {
    Map<String, Factory<?, ?>> factories = new LinkedHashMap<>();
    // One by one, since PF4J leaves out those that it cannot load and goes on.
    for (String extension : manager.getExtensionClassNames(id)) {
      Factory<?, ?> factory = make(manager, code, extension);
      String name = nameOf(factory);
      if (factories.put(name, factory) != null) {
        throw new PluginRefused(
            "two of its extensions are named '" + name + "'", "rename one of them");
      }
    }
    return factories;
  }

  private static Factory<?, ?> make(OnePlugin manager, ClassLoader code, String extension)
      throws PluginRefused {
    try {
      Class<?> type = code.loadClass(extension);
      if (!Factory.class.isAssignableFrom(type)) {
        throw new PluginRefused(
            "extension " + extension + " is of no kind that the gateway knows",
            "implement io.sluice.api.FilterFactory, or another Factory");
      }
      return (Factory<?, ?>) manager.getExtensionFactory().create(type);
    } catch (ClassNotFoundException | PluginRuntimeException | LinkageError e) {
      throw new PluginRefused("extension " + extension + " cannot be made", rootOf(e));
    }
  }

  private static String nameOf(Factory<?, ?> factory) throws PluginRefused {
    String of = "extension " + factory.getClass().getName();
    try {
      String name = factory.name();
      if (name == null || !NAME.matcher(name).matches()) {
        throw new PluginRefused(
            of + " names itself '" + name + "'", "write lower case words joined by '-'");
      }
      if (factory.settings() == null) {
        throw new PluginRefused(of + " does not tell the type of its settings", "");
      }
      return name;
    } catch (RuntimeException | LinkageError e) {
      throw new PluginRefused(of + " failed", e);
    }
  }

  private static Throwable rootOf(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }

  public PluginManifest manifest() {
    return manifest;
  }

  /** The jar's name in the plugins folder when it was taken up. */
  public String jar() {
    return staged.name();
  }

  /** Of the jar, as 64 hexadecimal digits in lower case. */
  public String sha256() {
    return staged.sha256();
  }

  /** Counts the versions of this plugin that the gateway has loaded, from 1. */
  public int generation() {
    return generation;
  }

  /** When its code was loaded. */
  public Instant since() {
    return since;
  }

  /** In the order of the jar's index; none when unloaded. */
  public List<Factory<?, ?>> factories() {
    return factories;
  }

  /** Whether all that it brings are filters. */
  public boolean bringsOnlyFilters() {
    return onlyFilters;
  }

  /** The names of its filters, in the same order. */
  public List<String> filters() {
    return filters;
  }

  /** Whether an object is of the plugin's own code, or of code that this has made. */
  public boolean made(Object object) {
    ClassLoader own = code;
    ClassLoader of = object.getClass().getClassLoader();
    while (of != null && of != own) {
      of = of.getParent();
    }
    return of != null;
  }

  /** Whether the last has let go. */
  boolean isUnloaded() {
    return holders.get() == 0;
  }

  /** Null when unloaded. */
  @Nullable ClassLoader classLoader() {
    return code;
  }

  /** For looking whether it is collected. */
  WeakReference<ClassLoader> code() {
    return codeThatWas;
  }

  /**
   * Keeps the code until {@link #release}.
   *
   * @throws IllegalStateException if it has been unloaded
   */
  public LoadedPlugin retain() {
    if (holders.getAndUpdate(n -> n == 0 ? 0 : n + 1) == 0) {
      throw new IllegalStateException(this + " has been unloaded");
    }
    return this;
  }

  /** Lets go; the last one unloads, which blocks for a while. */
  public void release() {
    if (holders.decrementAndGet() == 0) {
      factories = List.of();
      code = null;
      unload(manager, manifest);
      staged.delete();
    }
  }

  /** Whatever code of the plugin does that is told of this, others are not to suffer from it. */
  private static void unload(OnePlugin manager, PluginManifest manifest) {
    boolean interrupted = Thread.interrupted(); // as one is that comes too late
    try {
      InTime.run(
          "plugin-stop-" + manifest.id(), STOP_SECONDS, () -> manager.unloadPlugin(manifest.id()));
    } catch (InterruptedException e) {
      interrupted = true;
    } catch (Throwable e) {
      LOG.atError()
          .setMessage("plugin did not stop as it should")
          .addKeyValue("plugin", manifest.id() + ' ' + manifest.version())
          .setCause(e)
          .log();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return manifest.id() + " " + manifest.version() + " (generation " + generation + ")";
  }
}
