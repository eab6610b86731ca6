package io.sluice.gateway.plugin;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The jars that lie in the plugins folder and are not taken, and why. Used by one thread. */
final class Refusals {
  private static final Logger LOG = LoggerFactory.getLogger(Refusals.class);

  /** When a jar that was refused is tried once more. */
  enum Again {
    /** When it is another file. */
    IF_CHANGED,
    /** When the configuration or the other jars are others, too. */
    IF_OTHERS_CHANGE,
    /** At each look: nothing is wrong with the jar itself. */
    SOON
  }

  private record Refusal(PluginStatus status, Again again) {}

  private final Map<String, Refusal> byJar = new HashMap<>();

  /**
   * Notes one, and logs it if it is news.
   *
   * @param why with a cause if code of the plugin failed
   * @return whether it is news
   */
  boolean add(PluginStatus status, Again again, Exception why) {
    Refusal before = byJar.get(status.jar());
    if (before != null
        && before.status().sha256().equals(status.sha256())
        && before.status().reason().equals(status.reason())) {
      return false;
    }
    byJar.put(status.jar(), new Refusal(status, again));
    warn(status.jar(), status.reason(), why);
    return true;
  }

  /** Tells in the log that a jar, or what has become of it, does not count. */
  static void warn(String jar, String reason, Exception why) {
    LOG.atWarn()
        .setMessage("plugin refused, what ran goes on running: {}")
        .addArgument(reason)
        .addKeyValue("jar", jar)
        .setCause(why.getCause())
        .log();
  }

  /** It is gone, or taken. */
  void forget(String jar) {
    byJar.remove(jar);
  }

  /** Those that may be right when something else has changed. */
  List<String> dependent() {
    return byJar.entrySet().stream()
        .filter(jar -> jar.getValue().again() != Again.IF_CHANGED)
        .map(Map.Entry::getKey)
        .toList();
  }

  List<PluginStatus> statuses() {
    return byJar.values().stream().map(Refusal::status).toList();
  }
}
