package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Protocol;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code crc32c} of the payloads behind TTHeaders. */
class ChecksumTest {
  private final LinkedBlockingQueue<Message> got = new LinkedBlockingQueue<>();

  private static TestGateway start(String transport, int port) {
    return TestGateway.start(
        config(transport, "", port).replace("idleTimeout", "checksum: crc32c, idleTimeout"), 1);
  }

  private static String crc(Protocol framing, int type, Message of, byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(
        framing == Protocol.TTHEADER
            ? Thrifts.buffered(type, of.method(), of.seqId(), body)
            : Thrifts.framed(type, of.method(), of.seqId(), body));
    return "%08x".formatted(crc.getValue());
  }

  /** A reply with this checksum; null for none, empty for the right one. */
  private static byte[] reply(Message to, String crc, String text) {
    byte[] body = Thrifts.result(text);
    Map<String, String> strings = new HashMap<>();
    if (crc != null) {
      strings.put("crc32c", crc.isEmpty() ? crc(Protocol.TTHEADER_FRAMED, 2, to, body) : crc);
    }
    return Thrifts.ttheader(
        Protocol.TTHEADER_FRAMED, Map.of(), strings, 2, to.method(), to.seqId(), body);
  }

  /** Notes what it gets, and answers with the checksum that the text of the call names. */
  private Downstream answering(String text) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            got.add(m);
            String crc = m.method().equals("ask") ? Thrifts.text(m.body()) : "right";
            peer.send(reply(m, crc.equals("right") ? "" : crc.equals("none") ? null : crc, text));
          }
        });
  }

  @Test
  void isTheOneThatKitexMakes() throws Exception {
    Vectors.Vector call = Vectors.named("ttheader_crc32c_call");
    try (Downstream downstream = answering("ok");
        TestGateway gateway = start(call.framing().label(), downstream.port());
        Peer caller = gateway.connect()) {
      caller.send(call.bytes()).read();
      Message request = got.poll(10, TimeUnit.SECONDS);
      assertThat(request.strings().get("crc32c"))
          .hasSize(8)
          .isEqualTo(call.strings().get("crc32c"));
      assertThat(request.framing()).isEqualTo(call.framing());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "FRAMED, ttheader, TTHEADER",
    "FRAMED, ttheader-framed, TTHEADER_FRAMED",
    "BUFFERED, ttheader, TTHEADER",
    "TTHEADER, ttheader-framed, TTHEADER_FRAMED",
    "TTHEADER_FRAMED, ttheader-framed, TTHEADER_FRAMED",
    "TTHEADER, '{unary: ttheader, multiplex: true}', TTHEADER",
  })
  void isMadeForEveryRequest(Protocol from, String transport, Protocol framing) throws Exception {
    try (Downstream downstream = answering("ok");
        TestGateway gateway = start(transport, downstream.port());
        Peer caller = gateway.connect()) {
      for (int size : List.of(1, 1000, 10_000, 300_000, 5 << 20)) {
        byte[] body = Thrifts.args("x".repeat(size));
        byte[] call =
            switch (from) {
              case FRAMED -> Thrifts.framed(1, "put", 9, body);
              case BUFFERED -> Thrifts.buffered(1, "put", 9, body);
              default ->
                  Thrifts.ttheader(
                      from, Map.of(), Map.of("crc32c", "12345678", "a", "b"), 1, "put", 9, body);
            };
        for (byte[] piece : Splits.pieces(call, 100_000)) {
          caller.send(piece);
        }
        Message request = got.poll(10, TimeUnit.SECONDS);
        assertThat(request.framing()).isEqualTo(framing);
        assertThat(request.body()).isEqualTo(body);
        assertThat(request.strings())
            .containsEntry("crc32c", crc(framing, 1, request, request.body()));
        assertThat(Thrifts.text(caller.read().body())).isEqualTo("ok");
      }
    }
  }

  @Test
  void ofARequestThatIsGivenUpNothingIsSent() {
    try (Downstream downstream = answering("ok");
        TestGateway gateway = start("ttheader-framed", downstream.port());
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        byte[] large = Thrifts.call("put", 1, "x".repeat(1 << 20));
        try (Peer leaving = gateway.connect()) {
          leaving.send(Arrays.copyOf(large, 900_000));
        }
        assertThat(Thrifts.text(caller.call("ask", 1, Thrifts.args("right")).body()))
            .isEqualTo("ok");
      }
      assertThat(got).allMatch(m -> m.method().equals("ask"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 40_000, 3 << 20})
  void ofAReplyIsChecked(int size) {
    String text = "y".repeat(size);
    try (Downstream downstream = answering(text);
        TestGateway gateway = start("ttheader-framed", downstream.port())) {
      for (String crc : List.of("right", "none", "right", "00000000", "RIGHT", "1", "right")) {
        try (Peer caller = gateway.connect()) {
          caller.send(Thrifts.call("ask", 1, crc));
          if (crc.equals("right") || crc.equals("none")) {
            assertThat(Thrifts.text(caller.read().body())).isEqualTo(text);
          } else if (size > 64 * 1024) {
            // It had begun, so its end must not come.
            assertThat(caller.read()).isNull();
          } else {
            assertThat(caller.read().exception().text())
                .isEqualTo(
                    "remote or network error: default codec read failed: checksum crc32c "
                        + crc
                        + " is of another payload");
          }
        }
      }
      assertThat(downstream.accepted()).as("one more after each wrong one").isEqualTo(4);
    }
  }

  /** The calls that are open may end; later ones go elsewhere. */
  @Test
  void ofAReplyOnASharedConnection() {
    LinkedBlockingQueue<Message> waiting = new LinkedBlockingQueue<>();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    switch (m.method()) {
                      case "wait" -> waiting.add(m);
                      case "wrong" -> {
                        peer.send(reply(m, "00000000", "corrupt"));
                        peer.send(reply(waiting.take(), "", "waited"));
                      }
                      default -> peer.send(reply(m, "", "ok"));
                    }
                  }
                });
        TestGateway gateway =
            start("{unary: ttheader-framed, multiplex: true}", downstream.port());
        Peer patient = gateway.connect();
        Peer caller = gateway.connect()) {
      for (int i = 1; i <= 3; i++) {
        patient.send(Thrifts.call("wait", 1, ""));
        assertThat(caller.call("wrong", 1, Thrifts.args("")).exception().text())
            .contains("checksum crc32c 00000000");
        assertThat(Thrifts.text(patient.read().body())).isEqualTo("waited");
        assertThat(Thrifts.text(caller.call("ask", 1, Thrifts.args("")).body())).isEqualTo("ok");
        assertThat(downstream.accepted()).isEqualTo(i + 1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TTHEADER", "TTHEADER_FRAMED"})
  void isLeftAloneUnlessAskedFor(Protocol framing) throws Exception {
    try (Downstream downstream = answering("ok");
        TestGateway gateway = TestGateway.start(config(framing.label(), "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      for (Protocol from : List.of(Protocol.TTHEADER, Protocol.TTHEADER_FRAMED)) {
        caller.send(
            Thrifts.ttheader(
                from, Map.of(), Map.of("crc32c", "12345678"), 1, "a", 1, Thrifts.args("wrong")));
        Message request = got.poll(10, TimeUnit.SECONDS);
        if (from == framing) {
          assertThat(request.strings()).containsEntry("crc32c", "12345678");
        } else {
          assertThat(request.strings()).doesNotContainKey("crc32c");
        }
        assertThat(Thrifts.text(caller.read().body())).isEqualTo("ok");
      }
    }
  }

  /** The sequence id is part of what it is of. */
  @ParameterizedTest
  @EnumSource(names = {"TTHEADER", "TTHEADER_FRAMED"})
  void isDroppedWhereTheSequenceIdIsAnother(Protocol framing) throws Exception {
    try (Downstream downstream = answering("ok");
        TestGateway gateway =
            TestGateway.start(
                config("{unary: " + framing.label() + ", multiplex: true}", "", downstream.port()),
                1);
        Peer caller = gateway.connect()) {
      Map<String, String> strings = Map.of("crc32c", "12345678", "PV_x", "y", "a", "b");
      caller.send(
          Thrifts.ttheader(framing, Map.of(), strings, 1, "put", 900, Thrifts.args("text")));
      Message request = got.poll(10, TimeUnit.SECONDS);
      assertThat(request.seqId()).isNotEqualTo(900);
      assertThat(request.strings()).containsEntry("a", "b").doesNotContainKeys("crc32c", "PV_x");
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("ok");
    }
  }
}
