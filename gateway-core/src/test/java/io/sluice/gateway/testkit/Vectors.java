package io.sluice.gateway.testkit;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The byte vectors recorded from Kitex, {@code vectors.json}. */
public final class Vectors {
  private static final Set<String> NOT_PING_PONG = Set.of("grpc", "grpc-h2c", "ttstream", "reject");
  private static final List<Vector> ALL = load();

  private Vectors() {}

  /** One of them; {@code decoded} is what the bytes mean. */
  public record Vector(String name, String protocol, byte[] bytes, JsonObject decoded) {

    /** String keys as our own model has them: the ACL token is one of them. */
    public Map<String, String> strings() {
      Map<String, String> keys = map(decoded.getJsonObject("str_kv", new JsonObject()));
      if (decoded.containsKey("acl_token")) {
        keys.put("RPC_TRANSIT_gdpr-token", decoded.getString("acl_token"));
      }
      return keys;
    }

    public Map<Integer, String> integers() {
      Map<Integer, String> keys = new TreeMap<>();
      map(decoded.getJsonObject("int_kv", new JsonObject()))
          .forEach((key, value) -> keys.put(Integer.valueOf(key), value));
      return keys;
    }

    /** What is said of the message, behind a header or without one. */
    public JsonObject message() {
      JsonObject payload = decoded.getJsonObject("payload", decoded);
      return payload.getJsonObject("thrift", payload.getJsonObject("kitex_protobuf"));
    }

    public Codec codec() {
      return protocol.startsWith("kitex-protobuf") ? Codec.PROTOBUF : Codec.THRIFT;
    }

    /** The framing of a ping-pong message; that of a mesh header is what is under it. */
    public Protocol framing() {
      boolean framed =
          decoded.getJsonObject("payload", decoded).getString("framing").equals("framed");
      if (decoded.containsKey("header_words")) {
        return framed ? Protocol.TTHEADER_FRAMED : Protocol.TTHEADER;
      }
      return framed ? Protocol.FRAMED : Protocol.BUFFERED;
    }

    public byte[] payload() {
      return HexFormat.of().parseHex(decoded.getString("payload_hex"));
    }

    private static Map<String, String> map(JsonObject json) {
      Map<String, String> map = new HashMap<>();
      json.forEach(entry -> map.put(entry.getKey(), (String) entry.getValue()));
      return map;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  public static Vector named(String name) {
    return ALL.stream().filter(v -> v.name().equals(name)).findFirst().orElseThrow();
  }

  public static Stream<Vector> all() {
    return ALL.stream();
  }

  /** One message each, in every framing and codec. */
  public static Stream<Vector> pingPong() {
    return all().filter(v -> !NOT_PING_PONG.contains(v.protocol()));
  }

  public static Stream<Vector> ttstream() {
    return all().filter(v -> v.protocol().equals("ttstream"));
  }

  /** All that begin with a TTHeader, whatever is in it. */
  public static Stream<Vector> ttheader() {
    return all().filter(v -> v.decoded().containsKey("header_words"));
  }

  /** Bytes that a listener has to close the connection upon. */
  public static Stream<Vector> rejects() {
    return all().filter(v -> v.protocol().equals("reject"));
  }

  private static List<Vector> load() {
    try (InputStream in = Vectors.class.getResourceAsStream("/vectors.json")) {
      JsonObject file = new JsonObject(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      return file.getJsonArray("vectors").stream()
          .map(JsonObject.class::cast)
          .map(
              v ->
                  new Vector(
                      v.getString("name"),
                      v.getString("protocol"),
                      HexFormat.of().parseHex(v.getString("hex")),
                      v.getJsonObject("decoded")))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
