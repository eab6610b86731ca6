package io.sluice.gateway.wire.ttheader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.BizStatus;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class TTHeaderTest {
  private static final WireLimits LIMITS = new WireLimits(1 << 20, 65_535 * 4, 1024);
  private static final String VECTORS = "io.sluice.gateway.testkit.Vectors#ttheader";

  @ParameterizedTest
  @MethodSource(VECTORS)
  void readsAsKitexDoes(Vector vector) {
    TTHeader header = TTHeader.readAt(Unpooled.wrappedBuffer(vector.bytes()), 0, LIMITS);
    assertMeans(header, vector);
    assertThat(header.size())
        .isEqualTo(TTHeader.FIXED + 4 * vector.decoded().getInteger("header_words"));
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void readsWhereverItStands(Vector vector) {
    ByteBuf in = Unpooled.buffer().writeZero(5).writeBytes(vector.bytes());
    TTHeader header = TTHeader.readAt(in, 5, LIMITS);
    assertMeans(header, vector);
    assertThat(in.readerIndex()).isZero();
  }

  @ParameterizedTest
  @MethodSource(VECTORS)
  void writesWhatReadsTheSame(Vector vector) {
    TTHeader read = TTHeader.readAt(Unpooled.wrappedBuffer(vector.bytes()), 0, LIMITS);
    ByteBuf out = Unpooled.buffer().writeZero(3);
    TTHeaderWriter writer = new TTHeaderWriter();
    writer.begin(out, read.flags(), read.seqId(), vector.decoded().getInteger("protocol_id"));
    for (int i = 0; i < read.headers().count(); i++) {
      writer.entry(read.headers(), i);
    }
    writer.end(read.payloadLength());
    out.writeBytes(vector.payload());

    TTHeader again = TTHeader.readAt(out, 3, LIMITS);
    assertMeans(again, vector);
    assertThat(again.size() % 4).isEqualTo(TTHeader.FIXED % 4);
    assertThat(out.getUnsignedInt(3)).isEqualTo(out.readableBytes() - 3 - 4);
  }

  private static void assertMeans(TTHeader header, Vector vector) {
    assertThat(header.flags()).isEqualTo(vector.decoded().getInteger("flags"));
    assertThat(header.seqId()).isEqualTo(vector.decoded().getInteger("seq_id"));
    assertThat(header.payloadLength()).isEqualTo(vector.payload().length);
    assertThat(Message.integers(header.headers())).isEqualTo(vector.integers());
    assertThat(Message.strings(header.headers())).isEqualTo(vector.strings());
  }

  @ParameterizedTest
  @CsvSource({
    "no words,                     0000000a 1000 0000 00000001 0000",
    "header longer than its frame, 0000000d 1000 0000 00000001 0001 00000000",
    "claims 4 GiB,                 ffffffff 1000 0000 00000001 0001 00000000",
    "claims 2 GiB,                 7fffffff 1000 0000 00000001 0001 00000000",
    "Thrift compact,               0000000e 1000 0000 00000001 0001 02000000",
    "unknown section,              0000000e 1000 0000 00000001 0001 00000200",
    "transforms beyond the header, 0000000e 1000 0000 00000001 0001 00ff0000",
    "count cut off,                0000000e 1000 0000 00000001 0001 00000001",
    "pairs cut off,                00000012 1000 0000 00000001 0002 0000 01 0001 0003 61",
    "value cut off,                00000012 1000 0000 00000001 0002 0000 10 0001 0003 00",
    "more pairs than allowed,      00000012 1000 0000 00000001 0002 0000 01 ffff 0000 00",
    "token cut off,                0000000e 1000 0000 00000001 0001 00001100",
  })
  void refuses(String what, String hex) {
    ByteBuf in = Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", "")));
    assertThatThrownBy(() -> TTHeader.readAt(in, 0, LIMITS))
        .as(what)
        .isInstanceOf(WireException.class);
  }

  @Test
  void refusesAHeaderBeyondTheLimit() {
    ByteBuf in = header(0, "k", "v".repeat(2000));
    assertThatThrownBy(() -> TTHeader.readAt(in, 0, new WireLimits(1024, 1024, 10)))
        .isInstanceOf(WireException.class)
        .hasMessageContaining("the limit is 1024");
  }

  @Test
  void theLastOfEqualKeysCounts() {
    ByteBuf in = header(0, "k", "first", "k", "second");
    Headers headers = TTHeader.readAt(in, 0, LIMITS).headers();
    assertThat(headers.plain().get("K")).isEqualTo("second");
    assertThat(headers.value(headers.find("k"))).isEqualTo("second");
  }

  @Test
  void refusesToWriteMoreThanAHeaderHolds() {
    TTHeaderWriter writer = new TTHeaderWriter();
    assertThatThrownBy(
            () -> {
              writer.begin(Unpooled.buffer(), 0, 1, 0);
              writer.string("k", "v".repeat(65_536));
            })
        .isInstanceOf(WireException.class);
    assertThatThrownBy(
            () -> {
              writer.begin(Unpooled.buffer(), 0, 1, 0);
              for (int i = 0; i < 5; i++) {
                writer.string("k" + i, "v".repeat(65_000));
              }
              writer.end(0);
            })
        .isInstanceOf(WireException.class);
  }

  @Test
  void takesOutOfARequestWhatSpeaksToTheGateway() {
    Headers headers = TTHeader.readAt(header(0), 0, LIMITS).headers();
    headers.add("isn", "Old");
    headers.add("isn", "EchoService");
    headers.add("rip", "1.2.3.4:5");
    headers.add("crrst", "1");
    headers.add("RPC_TRANSIT_UPSTREAM_t", "used");
    headers.add("RPC_TRANSIT_t", "v");
    headers.add("user", "kept");
    RequestKeys keys = RequestKeys.take(headers);
    assertThat(keys.service()).isEqualTo("EchoService");
    assertThat(keys.timeoutMillis()).isZero();
    assertThat(Message.strings(headers)).containsOnlyKeys("RPC_TRANSIT_t", "user");
  }

  /** As many as a header can have: taking one out must not cost as much as there are others. */
  @Test
  void takesOutManyAndKeepsTheOthersInOrder() {
    int many = 60_000;
    byte[] values = "kv".getBytes(StandardCharsets.US_ASCII);
    Headers request = new Headers(Headers.Dialect.TTHEADER, values);
    Headers reply = new Headers(Headers.Dialect.TTHEADER, values);
    for (int i = 0; i < many; i++) {
      int key = i % 2 == 0 ? TTHeaderKeys.MESSAGE_TYPE : 100 + i;
      request.addIntRange(key, 0, 1);
      reply.addIntRange(key, 0, 1);
    }
    request.addRange(0, 1, 1, 1);
    reply.addRange(0, 1, 1, 1);
    RequestKeys.take(request);
    ReplyKeys.take(reply);
    for (Headers left : List.of(request, reply)) {
      assertThat(left.count()).isEqualTo(many / 2 + 1);
      for (int i = 0; i < many / 2; i++) {
        assertThat(left.intKey(i)).isEqualTo(101 + 2 * i);
        assertThat(left.valueLength(i)).isEqualTo(1);
      }
      assertThat(Message.strings(left)).containsExactly(Map.entry("k", "v"));
    }
  }

  @Test
  void lastOfEqualKeysCounts() {
    byte[] bytes = "abc12".getBytes(StandardCharsets.US_ASCII);
    Headers headers = new Headers(Headers.Dialect.TTHEADER, bytes);
    headers.addIntRange(TTHeaderKeys.FROM_SERVICE, 0, 1);
    headers.addIntRange(TTHeaderKeys.FROM_SERVICE, 1, 2);
    headers.addIntRange(TTHeaderKeys.FROM_SERVICE, 0, 0);
    headers.addIntRange(TTHeaderKeys.RPC_TIMEOUT, 3, 1);
    headers.addIntRange(TTHeaderKeys.RPC_TIMEOUT, 4, 1);
    RequestKeys keys = RequestKeys.take(headers);
    assertThat(keys.caller()).isEqualTo("bc");
    assertThat(keys.timeoutMillis()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"1500,1500", "0,0", "-1,0", "abc,0", "99999999999,0", "2147483647,2147483647"})
  void readsTheTimeout(String text, int millis) {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    Headers timed = new Headers(Headers.Dialect.TTHEADER, bytes);
    timed.addIntRange(TTHeaderKeys.RPC_TIMEOUT, 0, bytes.length);
    assertThat(RequestKeys.take(timed).timeoutMillis()).isEqualTo(millis);
    assertThat(timed.count()).isZero();
    assertThat(RequestKeys.take(headers).timeoutMillis()).isZero();
  }

  @Test
  void takesTheKeysOfAKitexClient() {
    Vector vector = Vectors.named("ttheader_kitex_client_call");
    Headers headers = TTHeader.readAt(Unpooled.wrappedBuffer(vector.bytes()), 0, LIMITS).headers();
    RequestKeys keys = RequestKeys.take(headers);
    assertThat(keys.service()).isEqualTo("EchoService");
    assertThat(keys.method()).isEqualTo("Echo");
    assertThat(keys.caller()).isEqualTo("up.caller");
    assertThat(keys.callerMethod()).isEqualTo("UpM");
    assertThat(keys.destination()).isEqualTo("dest.svc");
    assertThat(headers.persistent().get("pk")).isEqualTo("pv");
    assertThat(headers.transients().get("tk")).isEqualTo("tv");
  }

  @Test
  void takesTheBusinessStatusOutOfAReply() {
    Vector vector = Vectors.named("ttheader_biz_status_reply");
    Headers headers = TTHeader.readAt(Unpooled.wrappedBuffer(vector.bytes()), 0, LIMITS).headers();
    BizStatus biz = ReplyKeys.take(headers).bizStatus();
    assertThat(biz).isNotNull();
    assertThat(Integer.toString(biz.code())).isEqualTo(vector.strings().get("biz-status"));
    assertThat(biz.message()).isEqualTo(vector.strings().get("biz-message"));
    assertThat(biz.extra()).isEqualTo(vector.strings().get("biz-extra"));
    assertThat(Message.strings(headers)).isEmpty();
  }

  @Test
  void hearsThatAConnectionEnds() {
    Vector vector = Vectors.named("ttheader_reply_while_stopping");
    Headers headers = TTHeader.readAt(Unpooled.wrappedBuffer(vector.bytes()), 0, LIMITS).headers();
    assertThat(ReplyKeys.take(headers).connectionEnds()).isTrue();
    assertThat(Message.strings(headers)).doesNotContainKey("crrst");
  }

  private static ByteBuf header(long payload, String... pairs) {
    ByteBuf out = Unpooled.buffer();
    TTHeaderWriter writer = new TTHeaderWriter();
    writer.begin(out, 0, 1, TTHeader.PROTOCOL_THRIFT);
    for (int i = 0; i < pairs.length; i += 2) {
      writer.string(pairs[i], pairs[i + 1]);
    }
    if (pairs.length == 0) {
      writer.integer(5, "");
    }
    writer.end(payload);
    return out;
  }
}
