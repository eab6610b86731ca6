package io.sluice.interop.harness;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Bytes of real Kitex traffic, by name. */
public final class Vectors {
  private static final Map<String, byte[]> BYTES = load();

  private Vectors() {}

  private static Map<String, byte[]> load() {
    try (InputStream in = Vectors.class.getResourceAsStream("/vectors.json")) {
      Map<String, byte[]> found = new LinkedHashMap<>();
      for (JsonNode vector : new ObjectMapper().readTree(in).path("vectors")) {
        found.put(
            vector.path("name").asText(), HexFormat.of().parseHex(vector.path("hex").asText()));
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static byte[] bytes(String name) {
    byte[] bytes = BYTES.get(name);
    if (bytes == null) {
      throw new IllegalArgumentException("there is no vector " + name);
    }
    return bytes.clone();
  }

  public static List<String> names(String prefix) {
    return BYTES.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
  }
}
