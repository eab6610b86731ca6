package io.sluice.demo;

import io.sluice.api.Protocol;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * What an embedded service answers: the message that it got, and how that came to it. Travels as
 * text, the message in the first line:
 *
 * <pre>
 *   hello
 *   transport: ttheader-framed
 *   x-gateway: sluice
 * </pre>
 *
 * @param message one line
 * @param protocol by which the message came
 * @param metadata what came beside it, by {@link #userKeys}
 */
record Answer(String message, Protocol protocol, Map<String, String> metadata) {
  private static final String TRANSPORT = "transport";

  /**
   * The metadata whose keys begin with {@code x-}, which are those of this demo.
   *
   * @param forEach shows all metadata to what it is given
   */
  static Map<String, String> userKeys(Consumer<BiConsumer<String, String>> forEach) {
    Map<String, String> kept = new TreeMap<>();
    forEach.accept(
        (key, value) -> {
          if (key.startsWith("x-")) {
            kept.put(key, value);
          }
        });
    return kept;
  }

  String text() {
    StringBuilder text = new StringBuilder(message);
    text.append('\n').append(TRANSPORT).append(": ").append(protocol.label());
    metadata.forEach((key, value) -> text.append('\n').append(key).append(": ").append(value));
    return text.append('\n').toString();
  }

  static Answer parse(String text) {
    List<String> lines = text.lines().toList();
    Map<String, String> entries = new TreeMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] pair = line.split(": ", 2);
      entries.put(pair[0], pair[1]);
    }
    String transport = entries.remove(TRANSPORT);
    Protocol protocol =
        Arrays.stream(Protocol.values())
            .filter(p -> p.label().equals(transport))
            .findFirst()
            .orElseThrow();
    return new Answer(lines.get(0), protocol, entries);
  }
}
