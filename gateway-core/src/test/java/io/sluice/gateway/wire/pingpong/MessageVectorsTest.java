package io.sluice.gateway.wire.pingpong;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every ping-pong vector through {@link MessageReader} and {@link MessageWriter}. */
class MessageVectorsTest {
  private static final WireLimits LIMITS = new WireLimits(1 << 20, 65_535 * 4, 1024);
  private static final String VECTORS = "io.sluice.gateway.testkit.Vectors#pingPong";
  private static final int NOT_ITS_OWN = 424_242;

  @ParameterizedTest
  @MethodSource(VECTORS)
  void whole(Vector vector) {
    assertMeans(read(List.of(vector.bytes())), vector);
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void byteByByte(Vector vector) {
    assertMeans(read(Splits.byteByByte(vector.bytes())), vector);
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void inRandomPieces(Vector vector) {
    for (int seed = 0; seed < 50; seed++) {
      assertMeans(read(Splits.random(vector.bytes(), new Random(seed))), vector);
    }
  }

  @Test
  void allOnOneConnection() {
    Vector[] vectors = Vectors.pingPong().toArray(Vector[]::new);
    byte[] glued = Splits.glued(Stream.of(vectors).map(Vector::bytes).toArray(byte[][]::new));
    assertMeans(read(List.of(glued)), vectors);
    assertMeans(read(Splits.byteByByte(glued)), vectors);
    for (int seed = 0; seed < 200; seed++) {
      assertMeans(read(Splits.random(glued, new Random(seed))), vectors);
    }
  }

  static Stream<Arguments> everyFraming() {
    return Vectors.pingPong()
        .flatMap(
            vector ->
                Stream.of(Protocol.values())
                    .filter(Protocol::isPingPong)
                    .filter(
                        framing -> framing != Protocol.BUFFERED || vector.codec() == Codec.THRIFT)
                    .map(framing -> Arguments.of(vector, framing)));
  }

  @ParameterizedTest
  @MethodSource("everyFraming")
  void relayedInEveryFraming(Vector vector, Protocol framing) {
    assertWritten(vector, framing, vector.message().getInteger("seq_id"), false);
  }

  @ParameterizedTest
  @MethodSource("everyFraming")
  void relayedUnderAnotherSequenceId(Vector vector, Protocol framing) {
    assertWritten(vector, framing, NOT_ITS_OWN, false);
  }

  @ParameterizedTest
  @MethodSource("everyFraming")
  void writtenAnewInEveryFraming(Vector vector, Protocol framing) {
    assertWritten(vector, framing, NOT_ITS_OWN, true);
  }

  /**
   * Reads the vector and writes what was read.
   *
   * @param replaced whether the body shall be one that a filter has put in its place
   */
  private static void assertWritten(Vector vector, Protocol framing, int seqId, boolean replaced) {
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    reader.append(pooled(vector.bytes()));
    PingPongMessage read = reader.readHead();
    assertThat(read).isNotNull();
    ByteBuf part = reader.readPart();
    MessageHead head = new MessageHead();
    read.describe(head);
    if (replaced) {
      ByteBuf body = ByteBufAllocator.DEFAULT.buffer().writeBytes(part);
      part.release();
      part = body;
      head.replacedBy(part.readableBytes());
    }
    MessageWriter writer = new MessageWriter(ByteBufAllocator.DEFAULT);
    ByteBuf out =
        writer.begin(
            framing,
            head,
            read.type(),
            read.method(),
            seqId,
            part,
            MessageVectorsTest::allKeys,
            read.headers() == null ? new Headers(Headers.Dialect.TTHEADER) : read.headers());
    assertThat(writer.takeRest()).isNull();

    Message again = only(new MessageReader(ByteBufAllocator.DEFAULT, LIMITS), out);
    // Kitex Protobuf has its length even there.
    boolean plain = framing == Protocol.TTHEADER && vector.codec() == Codec.PROTOBUF;
    assertThat(again.framing()).isEqualTo(plain ? Protocol.TTHEADER_FRAMED : framing);
    assertThat(again.codec()).isEqualTo(vector.codec());
    assertThat(again.seqId()).isEqualTo(seqId);
    assertBody(again, vector);
    boolean carries = framing.carriesMetadata();
    assertThat(again.strings()).isEqualTo(carries ? vector.strings() : Map.of());
    assertThat(again.integers()).isEqualTo(carries ? vector.integers() : Map.of());
  }

  private static void allKeys(TTHeaderWriter out, Headers headers) {
    for (int i = 0; i < headers.count(); i++) {
      out.entry(headers, i);
    }
  }

  private static Message only(MessageReader reader, ByteBuf bytes) {
    List<Message> messages = new Message.Collector(reader).feed(bytes);
    assertThat(messages).hasSize(1);
    assertThat(reader.buffered()).isZero();
    return messages.get(0);
  }

  @ParameterizedTest
  @MethodSource("io.sluice.gateway.testkit.Vectors#rejects")
  void refusesWhatAListenerMustRefuse(Vector vector) {
    if (vector.name().equals("reject_reply_to_server")) {
      // A good message, only not from a caller: that is for the listener to know.
      assertThat(read(List.of(vector.bytes()))).hasSize(1);
      return;
    }
    assertRefused(vector);
  }

  private static void assertRefused(Vector vector) {
    for (List<byte[]> pieces : ways(vector.bytes())) {
      assertThatThrownBy(() -> read(pieces)).isInstanceOf(WireException.class);
    }
  }

  private static List<List<byte[]>> ways(byte[] bytes) {
    return List.of(List.of(bytes), Splits.byteByByte(bytes), Splits.random(bytes, new Random(1)));
  }

  @Test
  void kitexProtobufHasNoBufferedForm() {
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    reader.append(pooled(Vectors.named("kpb_framed_call").bytes()));
    PingPongMessage read = reader.readHead();
    ByteBuf part = reader.readPart();
    MessageHead head = new MessageHead();
    read.describe(head);
    assertThatThrownBy(
            () ->
                new MessageWriter(ByteBufAllocator.DEFAULT)
                    .begin(
                        Protocol.BUFFERED,
                        head,
                        read.type(),
                        read.method(),
                        7,
                        part,
                        MessageVectorsTest::allKeys,
                        new Headers(Headers.Dialect.TTHEADER)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("needs a frame length");
    assertThat(part.refCnt()).isZero();
  }

  /** Kitex takes one header and then a message, whatever follows. */
  @ParameterizedTest
  @CsvSource({
    "mesh_header_framed_call, ttheader_min_call",
    "mesh_header_framed_call, mesh_header_framed_call",
    "ttheader_min_call, mesh_header_framed_call",
    "ttheader_min_call, ttheader_min_call",
  })
  void headersDoNotNest(String outer, String inner) {
    byte[] innerBytes = Vectors.named(inner).bytes();
    byte[] outerBytes = Vectors.named(outer).bytes();
    byte[] bytes;
    if (outer.startsWith("mesh")) {
      bytes = Splits.glued(Arrays.copyOf(outerBytes, 15), innerBytes);
    } else {
      int size = outerBytes.length - Vectors.named(outer).payload().length;
      bytes = Splits.glued(Arrays.copyOf(outerBytes, size), innerBytes);
      Unpooled.wrappedBuffer(bytes).setInt(0, bytes.length - 4);
    }
    assertThatThrownBy(() -> read(List.of(bytes))).isInstanceOf(WireException.class);
  }

  @Test
  void aMeshHeaderIsKeptToTheLimits() {
    WireLimits limits = new WireLimits(1 << 20, 16, 1);
    for (String hex :
        List.of(
            "ffaf0011" + "00010003", // longer than 16
            "ffaf000e" + "0002" + "0001610001620001630001 64".replace(" ", ""), // two keys
            "ffaf0006" + "0001" + "0003" + "6162" + "0000001e8001", // a cut pair
            "ffaf0000" + "0000001e80010001")) { // not even a count
      MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, limits);
      reader.append(pooled(HexFormat.of().parseHex(hex)));
      assertThatThrownBy(reader::readHead)
          .as(hex)
          .isInstanceOf(WireException.class)
          .hasMessageContaining("mesh header");
      reader.release();
    }
  }

  @Test
  void aBufferedMessageIsGatheredWholeAndOnePart() {
    byte[] message = Thrifts.buffered(1, "Put", 9, Thrifts.struct(1, new byte[300_000]));
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    List<byte[]> pieces = Splits.pieces(message, 1000);
    for (byte[] piece : pieces.subList(0, pieces.size() - 1)) {
      reader.append(pooled(piece));
      assertThat(reader.readHead()).isNull();
    }
    reader.append(pooled(pieces.get(pieces.size() - 1)));
    assertThat(reader.readHead().bodyLength()).isEqualTo(300_008);
    ByteBuf part = reader.readPart();
    assertThat(part.readableBytes()).isEqualTo(300_008);
    assertThat(reader.isPartDue()).isFalse();
    part.release();
  }

  @Test
  void aBufferedMessageBeyondTheLimitIsRefusedByItsClaim() {
    byte[] claim = HexFormat.of().parseHex("80010001000000015000000001" + "0b000100100000");
    assertThatThrownBy(() -> read(List.of(claim)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("Thrift struct of more than");
  }

  @Test
  void aFrameLengthThatContradictsTheTTHeaderIsRefused() {
    byte[] bytes = Vectors.named("ttheader_framed_call_handmade").bytes().clone();
    int at = bytes.length - Vectors.named("ttheader_framed_call_handmade").payload().length;
    bytes[at + 3]--;
    assertThatThrownBy(() -> read(List.of(bytes)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("contradict");
  }

  @Test
  void aTTHeaderWithoutAMessageIsRefused() {
    byte[] bytes = HexFormat.of().parseHex("0000000e1000000000000001000100000000");
    assertThatThrownBy(() -> read(List.of(bytes))).isInstanceOf(WireException.class);
  }

  @Test
  void aMessageBeyondTheLimitIsRefusedByItsLength() {
    byte[] head = HexFormat.of().parseHex("00100001" + "80010001" + "00000004");
    assertThatThrownBy(() -> read(List.of(head)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("the limit is");
  }

  @Test
  void aLargeBodyComesInPartsAsItArrives() {
    byte[] body = new byte[300_000];
    new Random(7).nextBytes(body);
    byte[] bytes = framed("Put", 9, body);
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    int given = 0;
    ByteBuf all = Unpooled.buffer();
    PingPongMessage head = null;
    for (byte[] piece : Splits.pieces(bytes, 1000)) {
      reader.append(pooled(piece));
      given += piece.length;
      if (head == null) {
        head = reader.readHead();
        assertThat(head != null)
            .as("after %d bytes", given)
            .isEqualTo(given >= MessageReader.GATHER + 4);
      }
      if (head != null) {
        ByteBuf part = reader.readPart();
        assertThat(part).isNotNull();
        all.writeBytes(part);
        part.release();
        assertThat(reader.buffered()).isZero();
      }
    }
    assertThat(head.bodyLength()).isEqualTo(body.length);
    assertThat(reader.isPartDue()).isFalse();
    byte[] read = new byte[all.readableBytes()];
    all.readBytes(read);
    assertThat(read).isEqualTo(body);
  }

  @Test
  void anEmptyBodyIsOneEmptyPart() {
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    reader.append(pooled(framed("Void", 1, new byte[0])));
    assertThat(reader.readHead()).isNotNull();
    assertThat(reader.isPartDue()).isTrue();
    ByteBuf part = reader.readPart();
    assertThat(part.readableBytes()).isZero();
    part.release();
    assertThat(reader.isPartDue()).isFalse();
  }

  @Test
  void whatIsLeftIsLetGo() {
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    reader.append(pooled(framed("Put", 9, new byte[100_000])));
    reader.append(pooled(new byte[3]));
    assertThat(reader.readHead()).isNotNull();
    reader.readPart().release();
    reader.release();
    assertThat(reader.buffered()).isZero();
    assertThat(reader.isPartDue()).isFalse();
  }

  private static byte[] framed(String method, int seqId, byte[] body) {
    ByteBuf out = Unpooled.buffer();
    out.writeInt(12 + method.length() + body.length);
    ThriftHead.write(out, 1, method, seqId);
    out.writeBytes(body);
    byte[] bytes = new byte[out.readableBytes()];
    out.readBytes(bytes);
    return bytes;
  }

  private static List<Message> read(List<byte[]> pieces) {
    MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);
    Message.Collector collector = new Message.Collector(reader);
    List<Message> messages = new ArrayList<>();
    try {
      for (byte[] piece : pieces) {
        messages.addAll(collector.feed(pooled(piece)));
      }
      assertThat(reader.buffered()).isZero();
    } finally {
      reader.release();
    }
    return messages;
  }

  private static ByteBuf pooled(byte[] bytes) {
    return ByteBufAllocator.DEFAULT.buffer(bytes.length).writeBytes(bytes);
  }

  private static void assertMeans(List<Message> messages, Vector... vectors) {
    assertThat(messages).hasSameSizeAs(vectors);
    for (int i = 0; i < vectors.length; i++) {
      Message message = messages.get(i);
      Vector vector = vectors[i];
      assertThat(message.framing()).isEqualTo(vector.framing());
      assertThat(message.codec()).isEqualTo(vector.codec());
      assertThat(message.flags()).isEqualTo(vector.decoded().getInteger("flags", 0));
      assertThat(message.strings()).isEqualTo(vector.strings());
      assertThat(message.integers()).isEqualTo(vector.integers());
      assertThat(message.seqId()).isEqualTo(vector.message().getInteger("seq_id"));
      assertBody(message, vector);
    }
  }

  private static void assertBody(Message message, Vector vector) {
    JsonObject decoded = vector.message();
    assertThat(message.type()).isEqualTo(decoded.getInteger("message_type"));
    assertThat(message.method()).isEqualTo(decoded.getString("method"));
    assertThat(HexFormat.of().formatHex(message.body())).isEqualTo(decoded.getString("body_hex"));
    JsonObject exception = decoded.getJsonObject("exception");
    if (exception != null) {
      assertThat(message.exception().number()).isEqualTo(exception.getInteger("type"));
      assertThat(message.exception().text()).isEqualTo(exception.getString("message"));
    }
  }
}
