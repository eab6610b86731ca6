package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.TestGateway.config;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Downstreams that do not keep to the protocol, on a connection that calls share: as long as the
 * bytes are messages, only the call that they are for hears of it.
 */
class HostileMultiplexTest {

  private static TestGateway start(int port) {
    return TestGateway.start(config("{unary: ttheader, multiplex: true}", "", port), 1);
  }

  private static Arguments wrong(String what, Function<Message, byte[]> answer) {
    return Arguments.of(what, answer);
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  private static byte[] message(int type, String method, int seqId, byte[] body) {
    return Thrifts.ttheader(Protocol.TTHEADER, Map.of(), Map.of(), type, method, seqId, body);
  }

  /** Writes over the sequence id that stands in front of the body. */
  private static byte[] withPayloadId(byte[] message, int bodyLength, int seqId) {
    ByteBuffer.wrap(message).putInt(message.length - bodyLength - 4, seqId);
    return message;
  }

  private static byte[] reply(Message to, String text) {
    return message(2, to.method(), to.seqId(), Thrifts.result(text));
  }

  /** Answers the victim with this as soon as the bystander waits, and then the bystander. */
  private static Downstream answering(Function<Message, byte[]> answer) {
    return Downstream.serving(
        (peer, n) -> {
          Message bystander = null;
          Message victim = null;
          for (Message m = peer.read(); m != null; m = peer.read()) {
            switch (Thrifts.text(m.body())) {
              case "bystander" -> bystander = m;
              case "victim" -> victim = m;
              default -> peer.send(reply(m, Thrifts.text(m.body())));
            }
            if (bystander != null && victim != null) {
              byte[] wrong = answer.apply(victim);
              if (wrong.length == 0) {
                peer.reset();
                return;
              }
              peer.send(Splits.glued(wrong, reply(bystander, "bystander")));
              bystander = null;
              victim = null;
            }
          }
        });
  }

  private static void assertNetworkError(Message told) {
    assertThat(told.type()).isEqualTo(3);
    assertThat(told.exception().number()).isEqualTo(6);
    assertThat(told.exception().text()).startsWith("remote or network error: ");
  }

  static Stream<Arguments> wrongMessages() {
    byte[] ok = Thrifts.result("stolen");
    return Stream.of(
        wrong("another method", m -> message(2, "other", m.seqId(), ok)),
        wrong(
            "another sequence id behind the right one",
            m -> withPayloadId(message(2, "echo", m.seqId(), ok), ok.length, m.seqId() + 1)),
        wrong("a call", m -> message(1, "echo", m.seqId(), ok)),
        wrong("a oneway call", m -> message(4, "echo", m.seqId(), ok)),
        wrong("no type of Thrift's", m -> message(17, "echo", m.seqId(), ok)),
        wrong("no TTHeader", m -> Thrifts.framed(2, "echo", m.seqId(), ok)),
        wrong(
            "a large one of another method",
            m -> message(2, "other", m.seqId(), new byte[300_000])),
        wrong("an exception that is none", m -> message(3, "echo", m.seqId(), hex("0f"))),
        wrong(
            "an exception without an end",
            m -> message(3, "echo", m.seqId(), hex("0b 0001 7fffffff 61"))),
        wrong("an endless exception", m -> message(3, "echo", m.seqId(), new byte[3 << 20])));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongMessages")
  void aWrongMessageFailsItsCallOnly(String what, Function<Message, byte[]> answer) {
    try (Downstream downstream = answering(answer);
        TestGateway gateway = start(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        bystander.send(Thrifts.call("echo", 1, "bystander"));
        victim.send(Thrifts.call("echo", 1, "victim"));
        assertNetworkError(victim.read());
        assertThat(Thrifts.text(bystander.read().body())).isEqualTo("bystander");
        assertThat(Thrifts.text(victim.call("echo", 1, Thrifts.args("again")).body()))
            .isEqualTo("again");
      }
      bystander.assertSilentFor(50);
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }

  static Stream<Arguments> garbage() {
    return Stream.of(
        wrong("HTTP", m -> "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
        wrong("zeros", m -> new byte[64]),
        wrong("2 GiB", m -> hex("7fffffff 1000 0000 00000001 0001 00000000 80010002 00000004")),
        wrong("an empty method", m -> message(2, "", m.seqId(), Thrifts.result("x"))),
        wrong("a reset", m -> new byte[0]));
  }

  /** Whose answer comes next can no longer be known. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("garbage")
  void garbageEndsTheConnectionAndAllThatIsOnIt(String what, Function<Message, byte[]> answer) {
    try (Downstream downstream = answering(answer);
        TestGateway gateway = start(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      bystander.send(Thrifts.call("echo", 1, "bystander"));
      victim.send(Thrifts.call("echo", 1, "victim"));
      assertNetworkError(victim.read());
      assertNetworkError(bystander.read());
      assertThat(Thrifts.text(victim.call("echo", 1, Thrifts.args("again")).body()))
          .isEqualTo("again");
      assertThat(downstream.accepted()).isEqualTo(2);
      bystander.assertSilentFor(50);
    }
  }

  /** What begins as a reply and goes on as something else was told in part already. */
  @Test
  void aResetAmidAReplyIsTheEndForAllOfThem() {
    CountDownLatch die = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  peer.read();
                  Message victim = peer.read();
                  byte[] large = message(2, "echo", victim.seqId(), new byte[1 << 20]);
                  peer.send(Arrays.copyOf(large, 500_000));
                  die.await();
                  peer.reset();
                });
        TestGateway gateway = start(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      bystander.send(Thrifts.call("echo", 1, "bystander"));
      await().until(() -> downstream.accepted() == 1);
      victim.send(Thrifts.call("echo", 1, "victim"));
      assertThat(victim.readSome(1)).as("a byte of the reply").hasSize(1);
      die.countDown();
      assertNetworkError(bystander.read());
      while (victim.readSome(60_000).length > 0) {}
    }
  }

  /**
   * The TTHeader's number says whose it is; Kitex does not look at that of an exception's payload.
   */
  @Test
  void anExceptionIsKnownByItsTtheader() {
    byte[] body = hex("0b0001 00000002 6e6f 080002 0000002a 00");
    try (Downstream downstream =
            answering(m -> withPayloadId(message(3, "other", m.seqId(), body), body.length, 0));
        TestGateway gateway = start(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      bystander.send(Thrifts.call("echo", 1, "bystander"));
      victim.send(Thrifts.call("echo", 1, "victim"));
      assertThat(victim.read().exception()).isEqualTo(Status.exception(42, "no"));
      assertThat(Thrifts.text(bystander.read().body())).isEqualTo("bystander");
    }
  }

  @Test
  void whatNobodyHasAskedForIsSkipped() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    String text = Thrifts.text(m.body());
                    peer.send(
                        Splits.glued(
                            // Of a call that has not been, an answer, the answer again, an error.
                            message(2, "echo", m.seqId() + 1_000_000, Thrifts.result("stolen")),
                            message(2, "echo", 0, new byte[200_000]),
                            reply(m, text),
                            reply(m, "second " + text),
                            message(3, "echo", m.seqId(), new byte[2 << 20])));
                  }
                });
        TestGateway gateway = start(downstream.port());
        Peer one = gateway.connect();
        Peer two = gateway.connect()) {
      for (int i = 0; i < 10; i++) {
        one.send(Thrifts.call("echo", 1, "one " + i));
        two.send(Thrifts.call("echo", 1, "two " + i));
        assertThat(Thrifts.text(one.read().body())).isEqualTo("one " + i);
        assertThat(Thrifts.text(two.read().body())).isEqualTo("two " + i);
      }
      one.assertSilentFor(50);
      assertThat(downstream.accepted()).isEqualTo(1);
      await().until(() -> unasked(gateway) == 20 * 4);
    }
  }

  private static double unasked(TestGateway gateway) {
    return gateway.registry().get("sluice.unasked.replies").functionCounter().count();
  }

  @Test
  void aReplyThatComesTooLateIsCountedAndReachesNobody() {
    CountDownLatch givenUp = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message late = peer.read();
                  givenUp.await();
                  peer.send(reply(late, "late"));
                  Message next = peer.read();
                  peer.send(reply(next, "next"));
                  peer.read();
                });
        TestGateway gateway =
            TestGateway.start(
                config("{unary: ttheader, multiplex: true}", "timeout: 200ms", downstream.port()),
                1);
        Peer caller = gateway.connect()) {
      Status told = caller.call("echo", 1, Thrifts.args("late")).exception();
      assertThat(told.text()).startsWith("rpc timeout: ");
      givenUp.countDown();
      await().until(() -> unasked(gateway) == 1);
      caller.send(Thrifts.call("echo", 2, "next"));
      assertThat(Thrifts.text(caller.read().body())).isEqualTo("next");
      assertThat(downstream.accepted()).isEqualTo(1);
    }
  }
}
