package io.sluice.gateway.plugin;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * A jar of the plugins folder, or code that came from one, as operators see it. A jar that was
 * refused in place of one that runs is beside that one.
 *
 * @param jar its name in the folder
 * @param id empty if it is not known
 * @param version empty if it is not known
 * @param generation counts the versions of this id that were loaded, from 1; 0 if none of this is
 * @param sha256 of the jar, as 64 hexadecimal digits in lower case; empty if it is not known
 * @param filters the names of its filters, if its code is there
 * @param since when it came into this state
 * @param reason why it is as it is, in plain words; empty if all is as it should be
 */
public record PluginStatus(
    String jar,
    State state,
    String id,
    String version,
    int generation,
    String sha256,
    List<String> filters,
    Instant since,
    String reason) {
  public PluginStatus {
    filters = List.copyOf(filters);
  }

  /** How a jar, or what came from it, is. */
  public enum State {
    /** Configurations may use its filters. */
    RUNNING,
    /** It lies in the folder and is not taken. */
    REFUSED,
    /** Another version runs in its place; calls go on by its code that began with it. */
    REPLACED,
    /** Its jar is gone; calls go on by its code that began with it. */
    REMOVED,
    /** Its code was unloaded, but something keeps it in memory. */
    UNCOLLECTED,
    /** Somebody may still be copying it. */
    INCOMPLETE;

    /** As pages and metrics write it. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The same for another reason. */
  PluginStatus because(String otherReason) {
    return new PluginStatus(
        jar, state, id, version, generation, sha256, filters, since, otherReason);
  }

  static PluginStatus of(LoadedPlugin plugin, State state, Instant since, String reason) {
    return new PluginStatus(
        plugin.jar(),
        state,
        plugin.manifest().id(),
        plugin.manifest().version(),
        plugin.generation(),
        plugin.sha256(),
        plugin.filters(),
        since,
        reason);
  }
}
