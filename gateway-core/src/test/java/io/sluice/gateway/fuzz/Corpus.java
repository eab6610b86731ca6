package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * The inputs that a target is always fed with: what Kitex sends, and what is kept in {@code
 * src/test/resources/fuzz/TARGET.hex}, one input a line. There stand inputs that Jazzer found to
 * reach code that others do not, and those that were a bug once, each below a line that begins with
 * # and says which.
 */
final class Corpus {
  private static final Path KEPT = Path.of("src/test/resources/fuzz");

  private Corpus() {}

  /** All inputs of a target. */
  static List<byte[]> of(Target target) {
    List<byte[]> all = new ArrayList<>(seeds(target));
    all.addAll(kept(target));
    return all;
  }

  private static List<byte[]> kept(Target target) {
    Path file = KEPT.resolve(target + ".hex");
    try {
      return Files.readAllLines(file).stream()
          .filter(line -> !line.startsWith("#"))
          .map(HexFormat.of()::parseHex)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<byte[]> seeds(Target target) {
    return switch (target) {
      case FIRST_BYTES -> Vectors.all().map(vector -> first(vector.bytes())).toList();
      case REQUESTS, REPLIES -> Vectors.all().map(Vector::bytes).toList();
      case STRUCTS, THRIFT_EXCEPTIONS, PROTOBUF_EXCEPTIONS ->
          Vectors.all().flatMap(Corpus::body).toList();
      case TTHEADERS -> Vectors.ttheader().map(Vector::bytes).toList();
      case MESH_HEADERS -> List.of(Vectors.named("mesh_header_framed_call").bytes());
      case STREAM_FRAMES -> Vectors.ttstream().map(Vector::bytes).toList();
      // Plain, empty, packed, with a flag that there is not, and one that is not all there.
      case GRPC_MESSAGES ->
          Stream.of(
                  "00000000080b000100000001610000000000000000000002",
                  "010000001b1f8b08000000000000ffe36660646060606458c100003b33b4a707000000",
                  "020000000161",
                  "0000ffffff61")
              .map(HexFormat.of()::parseHex)
              .toList();
      case GRPC_TEXTS ->
          Stream.of("/interop.pb.InteropPb/Emit", "/a/b", "1000m", "99999999H", "%E4%B8%96 100%")
              .map(text -> text.getBytes(StandardCharsets.UTF_8))
              .toList();
      case CONFIGURATION -> Stream.of("gateway.yaml", "demo.yaml").map(Corpus::example).toList();
    };
  }

  private static byte[] first(byte[] bytes) {
    return Arrays.copyOf(bytes, Math.min(bytes.length, 24));
  }

  /** The body of a ping-pong message, or the payload of a frame. */
  private static Stream<byte[]> body(Vector vector) {
    JsonObject message = vector.message();
    if (message != null) {
      return Stream.of(HexFormat.of().parseHex(message.getString("body_hex")));
    }
    if (!vector.protocol().equals("ttstream")) {
      return Stream.of();
    }
    ByteBuf in = Unpooled.wrappedBuffer(vector.bytes());
    int size = TTHeader.FIXED + 4 * in.getUnsignedShort(12);
    return Stream.of(Arrays.copyOfRange(vector.bytes(), size, vector.bytes().length));
  }

  private static byte[] example(String name) {
    try {
      return Files.readAllBytes(Path.of("../conf").resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
