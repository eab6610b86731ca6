package io.sluice.demo;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks the running gateway's metrics page which way a call went: the counter that rose tells its
 * route and cluster.
 */
final class CallCounters {
  private static final Pattern LINE = Pattern.compile("sluice_calls_total\\{(.*)} ([0-9.Ee+]+)");
  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
  private static final int ATTEMPTS = 20;
  private static final int PAUSE_MILLIS = 25;

  private final URI page;

  /** Which way calls went; the names are those of the configuration. */
  record Way(String protocol, String route, String cluster) {}

  CallCounters(int adminPort) {
    page = URI.create("http://127.0.0.1:" + adminPort + "/metrics");
  }

  /** How many calls have ended, by their way. */
  Map<Way, Double> read() throws IOException {
    String text;
    try (InputStream in = page.toURL().openStream()) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<Way, Double> counts = new HashMap<>();
    for (Matcher line = LINE.matcher(text); line.find(); ) {
      Map<String, String> labels = new HashMap<>();
      for (Matcher label = LABEL.matcher(line.group(1)); label.find(); ) {
        labels.put(label.group(1), label.group(2));
      }
      Way way = new Way(labels.get("protocol"), labels.get("route"), labels.get("cluster"));
      counts.merge(way, Double.valueOf(line.group(2)), Double::sum);
    }
    return counts;
  }

  /**
   * The way of the calls that were made since, all of one kind; empty if none was counted.
   *
   * @param calls how many they were at least; they are waited for a little, since a caller may have
   *     its answer before the gateway has counted
   */
  Optional<Way> wayOf(int calls, Map<Way, Double> before) throws IOException, InterruptedException {
    for (int i = 0; i < ATTEMPTS; i++) {
      for (Map.Entry<Way, Double> now : read().entrySet()) {
        if (now.getValue() - before.getOrDefault(now.getKey(), 0.0) >= calls) {
          return Optional.of(now.getKey());
        }
      }
      Thread.sleep(PAUSE_MILLIS);
    }
    return Optional.empty();
  }
}
