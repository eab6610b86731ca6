package io.sluice.interop.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the gateway's log.
 *
 * @param level {@code ERROR}, {@code WARN}, …
 * @param message with its arguments filled in
 * @param values key-value pairs
 * @param raw the line itself
 */
public record LogLine(
    String level, String logger, String message, Map<String, String> values, String raw) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What is not JSON (the JVM's own words) becomes a line without a level. */
  static LogLine parse(String raw) {
    JsonNode node;
    try {
      node = JSON.readTree(raw);
    } catch (JsonProcessingException e) {
      return new LogLine("", "", raw, Map.of(), raw);
    }
    String message = node.path("message").asText();
    for (JsonNode argument : node.path("arguments")) {
      int place = message.indexOf("{}");
      if (place >= 0) {
        message = message.substring(0, place) + argument.asText() + message.substring(place + 2);
      }
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (JsonNode pair : node.path("kvpList")) {
      pair.properties().forEach(entry -> values.put(entry.getKey(), entry.getValue().asText()));
    }
    return new LogLine(
        node.path("level").asText(), node.path("loggerName").asText(), message, values, raw);
  }

  boolean isError() {
    return level.equals("ERROR");
  }

  boolean isLeak() {
    return raw.contains("LEAK");
  }
}
