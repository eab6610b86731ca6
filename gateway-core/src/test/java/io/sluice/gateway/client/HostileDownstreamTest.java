package io.sluice.gateway.client;

import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST_MESSAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.vertx.core.Promise;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Downstreams that do not keep to the protocol: only the call that met them hears of it. */
class HostileDownstreamTest {

  private static Arguments wrong(String what, Function<Message, byte[]> answer) {
    return Arguments.of(what, answer);
  }

  private static byte[] hex(String hex) {
    return HexFormat.of().parseHex(hex.replace(" ", ""));
  }

  static Stream<Arguments> wrongAnswers() {
    byte[] ok = Thrifts.result("stolen");
    return Stream.of(
        wrong("the sequence id of another", m -> Thrifts.framed(2, "echo", m.seqId() + 1, ok)),
        wrong("another method", m -> Thrifts.framed(2, "other", m.seqId(), ok)),
        wrong("a call", m -> Thrifts.framed(1, "echo", m.seqId(), ok)),
        wrong("a oneway call", m -> Thrifts.framed(4, "echo", m.seqId(), ok)),
        wrong("no type of Thrift's", m -> Thrifts.framed(17, "echo", m.seqId(), ok)),
        wrong("an empty method", m -> Thrifts.framed(2, "", m.seqId(), ok)),
        wrong("an exception that is none", m -> Thrifts.framed(3, "echo", m.seqId(), hex("0f"))),
        wrong(
            "an exception without an end",
            m -> Thrifts.framed(3, "echo", m.seqId(), hex("0b 0001 7fffffff 61"))),
        wrong("HTTP", m -> "HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII)),
        wrong("zeros", m -> new byte[64]),
        wrong("2 GiB", m -> hex("7fffffff 80010002 00000004 6563686f 00000001")),
        wrong("4 GiB", m -> hex("ffffffff 80010002 00000004 6563686f 00000001")),
        wrong("Kitex Protobuf", m -> Vectors.named("kpb_framed_reply").bytes()),
        wrong("unframed Thrift", m -> Vectors.named("thrift_buffered_reply").bytes()),
        wrong("a bad TTHeader", m -> Vectors.named("reject_ttheader_info_id").bytes()),
        wrong("a frame of a stream", m -> Vectors.named("ttstream_data_s2c").bytes()),
        wrong(
            "half of a reply and then nothing", m -> Arrays.copyOf(Thrifts.reply(m, "hello"), 20)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongAnswers")
  void aWrongAnswerIsAnErrorForItsCallerAlone(String what, Function<Message, byte[]> answer) {
    CountDownLatch wrongSaid = new CountDownLatch(1);
    CountDownLatch bystanderWaits = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    String text = Thrifts.text(m.body());
                    if (text.equals("victim")) {
                      bystanderWaits.await();
                      peer.send(answer.apply(m));
                      return;
                    }
                    if (text.equals("bystander")) {
                      bystanderWaits.countDown();
                      wrongSaid.await();
                    }
                    peer.send(Thrifts.reply(m, text));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      // The same method and sequence id, so that what is said to one would fit the other.
      bystander.send(Thrifts.call("echo", 1, "bystander"));
      Message told = victim.call("echo", 1, Thrifts.args("victim"));
      assertThat(told.type()).isEqualTo(3);
      assertThat(told.exception().number()).isEqualTo(6);
      assertThat(told.exception().text()).startsWith("remote or network error: ");
      wrongSaid.countDown();
      assertThat(Thrifts.text(bystander.read().body())).isEqualTo("bystander");
      // Its connection to the gateway goes on.
      assertThat(Thrifts.text(victim.call("echo", 1, Thrifts.args("again")).body()))
          .isEqualTo("again");
      bystander.assertSilentFor(50);
    }
  }

  @Test
  void ofTwoRepliesTheSecondIsNobodys() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    String text = Thrifts.text(m.body());
                    peer.send(
                        Splits.glued(Thrifts.reply(m, text), Thrifts.reply(m, "second " + text)));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer one = gateway.connect();
        Peer two = gateway.connect()) {
      for (int i = 0; i < 10; i++) {
        assertThat(Thrifts.text(one.call("echo", 1, Thrifts.args("one")).body())).isEqualTo("one");
        assertThat(Thrifts.text(two.call("echo", 1, Thrifts.args("two")).body())).isEqualTo("two");
      }
      assertThat(downstream.accepted()).isEqualTo(20);
    }
  }

  /** The caller has been told already, and the next call has another connection. */
  @Test
  void anAnswerAfterTheDeadlineIsNobodys() {
    CountDownLatch timedOut = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    String text = Thrifts.text(m.body());
                    if (text.equals("slow")) {
                      timedOut.await();
                    }
                    peer.send(Thrifts.reply(m, text));
                  }
                });
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "timeout: 200ms", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("slow")).exception().text())
          .startsWith("rpc timeout: ");
      timedOut.countDown();
      for (int i = 0; i < 5; i++) {
        assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("fast")).body()))
            .isEqualTo("fast");
      }
      caller.assertSilentFor(50);
      assertThat(downstream.accepted()).isEqualTo(2);
    }
  }

  /** What was told of a reply cannot be taken back, nor ended. */
  @Test
  void aResetAmidALargeReply() {
    CountDownLatch die = new CountDownLatch(1);
    byte[] large = Thrifts.result("x".repeat(1 << 20));
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    byte[] reply = Thrifts.framed(2, m.method(), m.seqId(), large);
                    if (Thrifts.text(m.body()).equals("victim")) {
                      peer.send(Arrays.copyOf(reply, 500_000));
                      die.await();
                      peer.reset();
                      return;
                    }
                    peer.send(reply);
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer bystander = gateway.connect();
        Peer victim = gateway.connect()) {
      victim.send(Thrifts.call("echo", 1, "victim"));
      assertThat(victim.readSome(1)).as("a byte of the reply").hasSize(1);
      assertThat(bystander.call("echo", 1, Thrifts.args("bystander")).body()).isEqualTo(large);
      die.countDown();
      int told = 1;
      for (int n = victim.readSome(60_000).length; n > 0; n = victim.readSome(60_000).length) {
        told += n;
      }
      assertThat(told).isLessThanOrEqualTo(500_000);
      assertThat(bystander.call("echo", 2, Thrifts.args("bystander")).body()).isEqualTo(large);
    }
  }

  @Test
  void unaskedBytesOnAnIdleConnectionCloseIt() {
    CountDownLatch speak = new CountDownLatch(1);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(Thrifts.reply(m, Thrifts.text(m.body())));
                    if (n == 1) {
                      speak.await();
                      peer.send(Thrifts.reply(m, "unasked"));
                    }
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("a")).body())).isEqualTo("a");
      speak.countDown();
      await().until(() -> downstream.open() == 0);
      assertThat(Thrifts.text(caller.call("echo", 1, Thrifts.args("b")).body())).isEqualTo("b");
      assertThat(downstream.accepted()).isEqualTo(2);
      caller.assertSilentFor(50);
    }
  }

  /** What came unasked while a call had the connection but had not begun must not meet the next. */
  @Test
  void unaskedBytesDuringACallThatIsGivenUpMeetNobody() {
    Journal journal = new Journal();
    Probe wait =
        Probe.ofMessages("wait", journal)
            .on(
                REQUEST,
                (call, m) ->
                    call.method().equals("ping")
                        ? Step.reply(Payload.of(Thrifts.result("pong")))
                        : Step.NEXT)
            .on(
                REQUEST_MESSAGE,
                (call, m) ->
                    call.method().equals("wait")
                        ? Step.await(Promise.<Step>promise().future())
                        : Step.NEXT);
    AtomicInteger greeted = new AtomicInteger();
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  peer.send(new byte[] {1, 2, 3, 4});
                  greeted.incrementAndGet();
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(Thrifts.reply(m, Thrifts.text(m.body())));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port(), wait);
        Peer innocent = gateway.connect()) {
      try (Peer leaving = gateway.connect()) {
        leaving.send(Thrifts.call("wait", 1, "x"));
        journal.awaitEvent("wait.REQUEST_MESSAGE");
        await().until(() -> greeted.get() == 1);
        // The one loop of this gateway has come round, and has read what was there.
        innocent.call("ping", 1, Thrifts.args(""));
        innocent.call("ping", 2, Thrifts.args(""));
      }
      await().until(() -> journal.events().stream().filter("wait.COMPLETE"::equals).count() == 3);
      int before = downstream.accepted();
      Message reply = innocent.call("echo", 3, Thrifts.args("hello"));
      if (downstream.accepted() == before) {
        assertThat(reply.type()).as("a reply, or a connection of its own").isEqualTo(2);
      }
    }
  }

  @Test
  void aDownstreamThatDiesAmidALargeRequest() {
    byte[] large = Thrifts.args("x".repeat(8 << 20));
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  if (n == 1) {
                    for (int read = 0; read < 200_000; ) {
                      read += peer.readSome(10_000).length;
                    }
                    peer.reset();
                    return;
                  }
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(Thrifts.reply(m, "got " + m.body().length));
                  }
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      Message told = caller.call("put", 1, large);
      assertThat(told.exception().number()).isEqualTo(6);
      assertThat(told.exception().text()).startsWith("remote or network error: ");
      // What was left of the request is over with it: the next one is understood.
      assertThat(Thrifts.text(caller.call("put", 2, large).body()))
          .isEqualTo("got " + large.length);
    }
  }

  @Test
  void anAnswerBeforeTheWholeRequestIsTold() {
    byte[] large = Thrifts.args("x".repeat(8 << 20));
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  peer.readSome(1000);
                  peer.send(
                      Thrifts.framed(3, "put", 1, hex("0b0001 00000002 6e6f 080002 0000002a 00")));
                  // So that the answer is not lost with a reset.
                  while (peer.readSome(60_000).length > 0) {}
                });
        TestGateway gateway = TestGateway.to(downstream.port());
        Peer caller = gateway.connect()) {
      Message told = caller.call("put", 1, large);
      assertThat(told.exception().number()).isEqualTo(42);
      assertThat(told.exception().text()).isEqualTo("no");
      assertThat(caller.call("put", 1, large).exception().number()).isEqualTo(42);
    }
  }

  /** Metadata of a reply that no TTHeader can hold when it is written again. */
  @Test
  void aReplyWithTheLargestHeaderThereIs() {
    String value = "v".repeat(65_000);
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  for (Message m = peer.read(); m != null; m = peer.read()) {
                    peer.send(
                        Thrifts.ttheader(
                            Protocol.TTHEADER,
                            Map.of(),
                            Map.of("a", value, "b", value, "c", value, "d", value),
                            2,
                            m.method(),
                            m.seqId(),
                            Thrifts.result("big")));
                  }
                });
        TestGateway gateway =
            TestGateway.start(TestGateway.config("ttheader", "", downstream.port()), 1);
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER, Map.of(3, "me"), Map.of(), 1, "echo", 1, Thrifts.args("hi")));
      Message reply = caller.read();
      assertThat(reply.strings()).hasSize(4).containsEntry("d", value);
      assertThat(Thrifts.text(reply.body())).isEqualTo("big");
    }
  }
}
