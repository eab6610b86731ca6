package io.sluice.gateway.plugin;

import io.sluice.api.Factory;
import io.sluice.gateway.plugin.PluginFolder.Look;
import io.sluice.gateway.plugin.PluginStatus.State;
import io.sluice.gateway.plugin.Refusals.Again;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what is loaded and what lies in the plugins folder alike. A jar that is not taken changes
 * nothing: what ran before goes on running. Used by one thread at a time, and blocks; what tells
 * how it stands is for all threads.
 *
 * <pre>
 * plugins/*.jar ─▶ PluginFolder ─▶ Staging ─▶ Loading ─▶ LoadedPlugin ─▶ Users ─▶ in use
 *                   (settled)      (copied)   (checked)   (code runs)      (configuration fits)
 * </pre>
 */
public final class PluginHost {
  private static final Logger LOG = LoggerFactory.getLogger(PluginHost.class);

  /** So long may a plugin's constructors and static initialisers take, in seconds. */
  static final long LOAD_SECONDS = 10;

  private static final String STILL_COPIED =
      "it changes yet: it counts when two looks find it the same";

  private static final Comparator<PluginStatus> BY_JAR =
      Comparator.comparing(PluginStatus::jar)
          .thenComparing(PluginStatus::state)
          .thenComparing(PluginStatus::generation);

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

  private final PluginFolder folder;
  private final Staging staging;
  private final Loading loading;
  private final Departures departures;

  /** The SHA-256 of each jar that may be taken up; empty if all may. */
  private Set<String> allowed = Set.of();

  /** What was last taken up of each jar, or tried to. */
  private final Map<String, Look> seen = new TreeMap<>();

  /** Jars whose content is not what runs. */
  private final Refusals refusals = new Refusals();

  /** Why plugins run though their jars are gone, by the jars. */
  private final Map<String, String> stays = new HashMap<>();

  /** By their ids. */
  private final Map<String, LoadedPlugin> running = new TreeMap<>();

  /** Since when a jar has not looked the same twice. */
  private final Map<String, Instant> incomplete = new HashMap<>();

  private final Map<String, Integer> generations = new HashMap<>();
  private volatile List<PluginStatus> statuses = List.of();
  private volatile List<LoadedPlugin> loaded = List.of();
  private volatile long taken;
  private volatile long refused;

  /**
   * @param folder where users put their jars; may not be there
   * @param copies a folder of the gateway's own, empty
   * @param api the version of the API that the gateway has
   * @param check throws {@link IllegalArgumentException} if the gateway cannot use what a factory
   *     makes, and says why
   */
  public PluginHost(Path folder, Path copies, String api, Consumer<Factory<?, ?>> check) {
    this(folder, copies, api, check, LOAD_SECONDS, new CodeWatch());
  }

  /**
   * @param loadSeconds what a plugin's constructors and static initialisers may take
   */
  PluginHost(
      Path folder,
      Path copies,
      String api,
      Consumer<Factory<?, ?>> check,
      long loadSeconds,
      CodeWatch watch) {
    this.folder = new PluginFolder(folder);
    this.staging = new Staging(copies);
    this.loading = new Loading(api, check, loadSeconds);
    this.departures = new Departures(watch);
  }

  /** Those in use, in the order of their ids. */
  public List<LoadedPlugin> plugins() {
    return List.copyOf(running.values());
  }

  /**
   * From the next {@link #update} on only these may be taken up, and stay.
   *
   * @param sha256 of the jars, as 64 hexadecimal digits in lower case; empty if all may
   */
  public void allow(Set<String> sha256) {
    if (!sha256.equals(allowed)) {
      allowed = Set.copyOf(sha256);
      reconsider();
      for (LoadedPlugin plugin : running.values()) {
        if (!isAllowed(plugin.sha256())) {
          seen.put(plugin.jar(), NEVER);
        }
      }
    }
  }

  private boolean isAllowed(String sha256) {
    return allowed.isEmpty() || allowed.contains(sha256);
  }

  /** Every jar that is there, and all code that is, in the order of the jars' names. */
  public List<PluginStatus> statuses() {
    return statuses;
  }

  /** Those whose code was there at the last look, in use or not. For all threads. */
  public List<LoadedPlugin> loaded() {
    return loaded;
  }

  /** How many jars have been taken into use since the start. For all threads. */
  public long taken() {
    return taken;
  }

  /** How many have been refused. For all threads. */
  public long refused() {
    return refused;
  }

  /** How often the code of a plugin was unloaded. For all threads. */
  public long unloaded() {
    return departures.watch().unloaded();
  }

  /** How much of that has been collected. For all threads. */
  public long collected() {
    return departures.watch().collected();
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
      tryRefusedAgain();
    }
    for (Map.Entry<String, Look> jar : settled.entrySet()) {
      if (!jar.getValue().equals(seen.put(jar.getKey(), jar.getValue()))) {
        take(jar.getKey(), users);
      }
    }
    for (String jar : gone) {
      seen.remove(jar);
      letGo(jar, users);
    }
    show(settled);
  }

  /**
   * Tries once more what was refused though nothing is wrong with the jar, at the next {@link
   * #update}: to be called when what plugins are used for has changed.
   */
  public void reconsider() {
    tryRefusedAgain();
    stays.keySet().forEach(jar -> seen.put(jar, NEVER));
  }

  private void tryRefusedAgain() {
    refusals.dependent().forEach(jar -> seen.put(jar, NEVER));
  }

  private void take(String jar, Users users) {
    Attempt attempt = new Attempt(jar);
    Again again = Again.IF_CHANGED;
    try {
      Staged staged = attempt.staged(staging.copy(folder.path(jar)));
      if (!isAllowed(staged.sha256())) {
        again = Again.IF_OTHERS_CHANGE;
        staged.delete();
        drop(jar, users);
        throw new PluginRefused(
            "its SHA-256 is not in 'plugins.allow'", "add " + staged.sha256() + " if you trust it");
      }
      if (runs(staged)) {
        staged.delete(); // it was written again as it was
      } else {
        LoadedPlugin now = load(staged, attempt);
        again = Again.IF_OTHERS_CHANGE;
        use(now, users);
      }
      refusals.forget(jar);
      stays.remove(jar); // it is there again
    } catch (PluginRefused e) {
      refuse(attempt.refused(e.getMessage()), again, e);
    } catch (IOException e) {
      seen.put(jar, NEVER);
      refuse(attempt.refused("it cannot be read: " + e), Again.SOON, e);
    }
  }

  /** What came from a jar may not stay, unless the configuration needs it. */
  private void drop(String jar, Users users) {
    LoadedPlugin plugin = runningFrom(jar);
    if (plugin != null && !isAllowed(plugin.sha256())) {
      remove(plugin, "it is no longer in 'plugins.allow'", users);
    }
  }

  private @Nullable LoadedPlugin runningFrom(String jar) {
    return running.values().stream().filter(p -> p.jar().equals(jar)).findAny().orElse(null);
  }

  private boolean runs(Staged staged) {
    return running.values().stream()
        .anyMatch(
            plugin ->
                plugin.jar().equals(staged.name()) && plugin.sha256().equals(staged.sha256()));
  }

  private LoadedPlugin load(Staged staged, Attempt attempt) throws PluginRefused {
    try {
      PluginManifest manifest = attempt.manifest(loading.check(staged));
      int generation = generations.merge(manifest.id(), 1, Integer::sum);
      return loading.load(staged, manifest, generation);
    } catch (PluginRefused e) {
      staged.delete();
      throw e;
    }
  }

  private void use(LoadedPlugin now, Users users) throws PluginRefused {
    String id = now.manifest().id();
    LoadedPlugin namesake = running.get(id);
    try {
      if (namesake != null && !namesake.jar().equals(now.jar()) && folder.has(namesake.jar())) {
        throw new PluginRefused(
            "plugin '" + id + "' is already there, from " + namesake.jar(),
            "remove one of the two jars");
      }
      Map<String, LoadedPlugin> wanted = new TreeMap<>(running);
      wanted.values().removeIf(plugin -> plugin.jar().equals(now.jar()));
      wanted.put(id, now);
      switchTo(wanted, users);
    } catch (PluginRefused e) {
      departures.addUnused(now);
      throw e;
    }
    taken++;
    LOG.atInfo()
        .setMessage(namesake == null ? "plugin taken up" : "plugin replaced")
        .addKeyValue("plugin", now)
        .addKeyValue("jar", now.jar())
        .addKeyValue("sha256", now.sha256())
        .log();
  }

  private void letGo(String jar, Users users) {
    refusals.forget(jar);
    LoadedPlugin gone = runningFrom(jar);
    if (gone == null) {
      stays.remove(jar);
    } else {
      remove(gone, "its jar is gone", users);
    }
  }

  private void remove(LoadedPlugin gone, String why, Users users) {
    Map<String, LoadedPlugin> wanted = new TreeMap<>(running);
    wanted.remove(gone.manifest().id());
    try {
      switchTo(wanted, users);
      LOG.atInfo()
          .setMessage("plugin removed: {}")
          .addArgument(why)
          .addKeyValue("plugin", gone)
          .log();
    } catch (PluginRefused e) {
      String reason = why + ", but it stays: " + e.getMessage();
      if (!reason.equals(stays.put(gone.jar(), reason))) {
        Refusals.warn(gone.jar(), reason, e);
      }
    }
  }

  private void switchTo(Map<String, LoadedPlugin> wanted, Users users) throws PluginRefused {
    users.use(List.copyOf(wanted.values()));
    List<LoadedPlugin> gone = new ArrayList<>(running.values());
    gone.removeAll(wanted.values());
    running.clear();
    running.putAll(wanted);
    for (LoadedPlugin plugin : gone) {
      State state = wanted.containsKey(plugin.manifest().id()) ? State.REPLACED : State.REMOVED;
      stays.remove(plugin.jar());
      departures.add(plugin, state);
    }
  }

  private void refuse(PluginStatus status, Again again, Exception why) {
    if (refusals.add(status, again, why)) {
      refused++;
    }
  }

  private void show(Map<String, Look> settled) {
    List<PluginStatus> all = new ArrayList<>();
    for (LoadedPlugin plugin : running.values()) {
      String reason = stays.getOrDefault(plugin.jar(), "");
      all.add(PluginStatus.of(plugin, State.RUNNING, plugin.since(), reason));
    }
    all.addAll(departures.look(running.values()));
    all.addAll(refusals.statuses());
    incomplete.keySet().removeIf(jar -> settled.containsKey(jar) || !folder.has(jar));
    for (String jar : folder.unsettled()) {
      Instant since = incomplete.computeIfAbsent(jar, now -> Instant.now());
      all.add(
          new PluginStatus(jar, State.INCOMPLETE, "", "", 0, "", List.of(), since, STILL_COPIED));
    }
    all.sort(BY_JAR);
    statuses = List.copyOf(all);
    List<LoadedPlugin> code = new ArrayList<>(running.values());
    code.addAll(departures.plugins());
    loaded = List.copyOf(code);
  }
}
