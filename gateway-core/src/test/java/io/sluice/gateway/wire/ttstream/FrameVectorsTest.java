package io.sluice.gateway.wire.ttstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every ttstream vector through {@link FrameReader} and {@link FrameWriter}. */
class FrameVectorsTest {
  private static final WireLimits LIMITS = new WireLimits(1 << 20, 65_535 * 4, 1024);
  private static final String VECTORS = "io.sluice.gateway.testkit.Vectors#ttstream";
  private static final int METHOD = 9;
  private static final int FRAME_TYPE = 27;

  /** A frame with its payload copied. */
  private record Read(
      FrameType type,
      int id,
      Map<Integer, String> integers,
      Map<String, String> strings,
      byte[] payload) {}

  @ParameterizedTest
  @MethodSource(VECTORS)
  void howeverItArrives(Vector vector) {
    assertMeans(read(List.of(vector.bytes())), vector);
    assertMeans(read(Splits.byteByByte(vector.bytes())), vector);
    for (int seed = 0; seed < 50; seed++) {
      assertMeans(read(Splits.random(vector.bytes(), new Random(seed))), vector);
    }
  }

  @Test
  void allOnOneConnection() {
    Vector[] vectors = Vectors.ttstream().toArray(Vector[]::new);
    byte[] glued = Splits.glued(Stream.of(vectors).map(Vector::bytes).toArray(byte[][]::new));
    assertMeans(read(List.of(glued)), vectors);
    assertMeans(read(Splits.byteByByte(glued)), vectors);
    for (int seed = 0; seed < 200; seed++) {
      assertMeans(read(Splits.random(glued, new Random(seed))), vectors);
    }
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void writesWhatReadsTheSame(Vector vector) {
    FrameReader reader = new FrameReader(ByteBufAllocator.DEFAULT, LIMITS);
    reader.append(pooled(vector.bytes()));
    Frame frame = reader.read();
    assertThat(frame).isNotNull();
    ByteBuf written = write(frame, vector);
    if (written != null) {
      assertMeans(read(List.of(bytes(written))), vector);
    }
    frame.payload().release();
  }

  /** Writes the frame with the method that is meant for its kind. */
  private static ByteBuf write(Frame frame, Vector vector) {
    FrameWriter writer = new FrameWriter(ByteBufAllocator.DEFAULT);
    Headers headers = frame.headers();
    String method = vector.integers().get(METHOD);
    int id = frame.streamId();
    headers.removeIf((all, i) -> all.isIntKey(i) && all.intKey(i) == FRAME_TYPE);
    return switch (frame.type()) {
      case HEADER -> writer.header(id, method, headers);
      case DATA -> writer.data(id, method, frame.payload().retain());
      case TRAILER -> {
        Status status =
            frame.payload().isReadable() ? StreamCodes.read(frame.payload()) : Status.OK;
        BizStatus biz = ReplyKeys.take(headers).bizStatus();
        yield writer.trailer(id, method, status, biz, headers);
      }
      case RST -> {
        Status status = StreamCodes.read(frame.payload());
        String path = headers.value(headers.find("ttscp"));
        yield writer.reset(id, method, status.number(), status.text(), path);
      }
      // Of a proxy's to a client; nothing here writes one.
      case META, UNKNOWN -> null;
    };
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void readsExceptionsOfTrailersAndResets(Vector vector) {
    JsonObject thrift = vector.decoded().getJsonObject("payload", new JsonObject());
    if (!thrift.containsKey("thrift")) {
      return;
    }
    JsonObject exception = thrift.getJsonObject("thrift").getJsonObject("exception");
    ByteBuf payload = pooled(vector.payload());
    Status status = StreamCodes.read(payload);
    payload.release();
    assertThat(status.number()).isEqualTo(exception.getInteger("type"));
    assertThat(status.text()).isEqualTo(exception.getString("message"));
  }

  @Test
  void refusesAFrameWithoutTheFlagOfStreams() {
    byte[] bytes = Vectors.named("ttstream_data_c2s").bytes().clone();
    bytes[7] = 0;
    assertThatThrownBy(() -> read(List.of(bytes))).isInstanceOf(WireException.class);
  }

  @Test
  void anUnknownTypeIsToldAsSuch() {
    byte[] bytes = Vectors.named("ttstream_half_close_c2s").bytes().clone();
    int at = HexFormat.of().formatHex(bytes).indexOf("001b000134") / 2 + 4;
    bytes[at] = '9';
    assertThat(read(List.of(bytes))).extracting(Read::type).containsExactly(FrameType.UNKNOWN);
  }

  private static List<Read> read(List<byte[]> pieces) {
    FrameReader reader = new FrameReader(ByteBufAllocator.DEFAULT, LIMITS);
    List<Read> frames = new ArrayList<>();
    try {
      for (byte[] piece : pieces) {
        reader.append(pooled(piece));
        for (Frame f = reader.read(); f != null; f = reader.read()) {
          frames.add(
              new Read(
                  f.type(),
                  f.streamId(),
                  Message.integers(f.headers()),
                  Message.strings(f.headers()),
                  bytes(f.payload())));
        }
      }
      assertThat(reader.buffered()).isZero();
    } finally {
      reader.release();
    }
    return frames;
  }

  private static ByteBuf pooled(byte[] bytes) {
    return ByteBufAllocator.DEFAULT.buffer(bytes.length).writeBytes(bytes);
  }

  private static byte[] bytes(ByteBuf buffer) {
    byte[] bytes = ByteBufUtil.getBytes(buffer);
    buffer.release();
    return bytes;
  }

  private static void assertMeans(List<Read> frames, Vector... vectors) {
    assertThat(frames).hasSameSizeAs(vectors);
    for (int i = 0; i < vectors.length; i++) {
      Read frame = frames.get(i);
      Vector vector = vectors[i];
      assertThat(frame.type().code()).isEqualTo(vector.integers().get(FRAME_TYPE));
      assertThat(frame.id()).isEqualTo(vector.decoded().getInteger("seq_id"));
      assertThat(frame.integers()).isEqualTo(vector.integers());
      assertThat(frame.strings()).isEqualTo(vector.strings());
      assertThat(frame.payload()).isEqualTo(vector.payload());
    }
  }
}
