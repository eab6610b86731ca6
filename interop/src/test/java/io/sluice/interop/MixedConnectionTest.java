package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.Expectations.Leg;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.LogLine;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.RawConnection;
import io.sluice.interop.harness.Vectors;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What only bytes on a socket can show: several framings and several requests on one connection.
 */
final class MixedConnectionTest {
  private static final String SERVICE = "InteropService";
  private static final Duration LOGGED = Duration.ofSeconds(10);
  private static final String ENDS = "crrst";
  private static final Map<Leg, GatewayProcess> GATEWAYS = new EnumMap<>(Leg.class);
  private static Peers.Server server;

  @BeforeAll
  static void startServer() {
    server = Peers.server();
  }

  @AfterAll
  static void stop() {
    try {
      GATEWAYS.values().forEach(GatewayProcess::close);
    } finally {
      server.close();
    }
  }

  /** The gateway in front of the server that all tests share. */
  private static InetSocketAddress gateway(Leg out) {
    return GATEWAYS.computeIfAbsent(out, MixedConnectionTest::start).address();
  }

  private static GatewayProcess start(Leg out) {
    return GatewayProcess.with(GatewayProcess.configuration(out.transport(), server.address()))
        .start();
  }

  private static Message text(Framing framing, int seq, String text) {
    return Message.call(framing, SERVICE, "Text", seq, Message.text(text));
  }

  /** A handler's plain error: an EXCEPTION, after which Kitex keeps the connection. */
  private static Message fail(Framing framing, int seq) {
    return Message.call(framing, SERVICE, "Fail", seq, Message.text("plain"));
  }

  /** Messages of all framings; every seventh is answered with an EXCEPTION. */
  private static List<Message> mixed(int count) {
    Framing[] framings = Framing.values();
    List<Message> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Framing framing = framings[i % framings.length];
      int seq = 1000 + i * 3;
      calls.add(i % 7 == 6 ? fail(framing, seq) : text(framing, seq, "call " + "é".repeat(i)));
    }
    return calls;
  }

  @ParameterizedTest
  @EnumSource
  void framingsMixOnOneConnectionAsOnKitex(Leg out) {
    try (RawConnection direct = RawConnection.to(server.address());
        RawConnection through = RawConnection.to(gateway(out))) {
      for (Message call : mixed(21)) {
        Message expected = direct.exchange(call);
        assertThat(expected.framing()).isEqualTo(call.framing());
        assertThat(through.exchange(call)).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void pipelinedRequestsAreAnsweredInOrder(Leg out) {
    List<Message> calls = mixed(100);
    try (RawConnection direct = RawConnection.to(server.address());
        RawConnection through = RawConnection.to(gateway(out))) {
      direct.send(calls);
      through.send(calls);
      for (Message call : calls) {
        Message expected = direct.read();
        assertThat(expected.seq()).isEqualTo(call.seq());
        assertThat(through.read()).isEqualTo(expected);
      }
    }
  }

  @Test
  void bytesMayComeOneByOne() {
    try (RawConnection through = RawConnection.to(gateway(Leg.TTHEADER_FRAMED))) {
      for (Message call : mixed(6)) {
        for (byte b : call.bytes()) {
          through.send(new byte[] {b});
        }
        assertThat(through.read().resultText()).startsWith("call ");
      }
    }
  }

  @Test
  void recordedRequestsAreAnsweredAsByKitex() {
    List<String> names = new ArrayList<>(Vectors.names("ttheader_"));
    names.removeIf(name -> !name.endsWith("_call") || name.contains("oneway"));
    names.addAll(
        List.of("thrift_framed_call", "ttheader_framed_call_handmade", "ttheader_many_sections"));
    assertThat(names).hasSize(12);
    Map<String, Message> expected = new LinkedHashMap<>();
    Map<String, Message> actual = new LinkedHashMap<>();
    try (RawConnection through = RawConnection.to(gateway(Leg.TTHEADER_FRAMED))) {
      for (String name : names) {
        // A connection each: Kitex closes after some of them. The gateway does not, so there all
        // come on the same.
        try (RawConnection direct = RawConnection.to(server.address())) {
          direct.send(Vectors.bytes(name));
          expected.put(name, direct.read().without(ENDS));
        }
        through.send(Vectors.bytes(name));
        actual.put(name, through.read());
      }
    }
    assertThat(actual).isEqualTo(expected);
  }

  /** Kitex clients do not send Protobuf on Framed any more, so it takes bytes to show it. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BUFFERED")
  void protobufOnFramedIsAnsweredAsByKitex(Leg out) {
    Map<String, byte[]> calls = new LinkedHashMap<>();
    // Those with a TTHeader name a service, which Framed cannot tell the server.
    for (String name : Vectors.names(out.carriesMetadata() ? "kpb_" : "kpb_framed_")) {
      if (name.endsWith("_call")) {
        calls.put(name, Vectors.bytes(name));
      }
    }
    assertThat(calls).hasSize(out.carriesMetadata() ? 3 : 2);
    byte[] key = {10, 1, 'k'};
    for (Framing framing : new Framing[] {Framing.FRAMED, Framing.TTHEADER_FRAMED}) {
      Message call = Message.protobuf(framing, "InteropPb", "LastCancelPb", 77, key);
      calls.put("a call of this server, " + framing, call.bytes());
    }
    try (RawConnection through = RawConnection.to(gateway(out))) {
      calls.forEach(
          (name, call) -> {
            try (RawConnection direct = RawConnection.to(server.address())) {
              direct.send(call);
              Message expected = direct.read().without(ENDS);
              through.send(call);
              Message actual = through.read();
              assertThat(actual.framing()).as(name).isEqualTo(expected.framing());
              assertThat(actual.type()).as(name).isEqualTo(expected.type());
              // Kitex forgets the sequence id in some exceptions; the gateway never does.
              assertThat(actual.withSeq(0).payload())
                  .as("%s: %s", name, actual)
                  .isEqualTo(expected.withSeq(0).payload());
              assertThat(actual.seq()).as(name).isNotZero();
            }
          });
    }
  }

  @Test
  void whatIsNoRequestClosesItsConnectionOnly() {
    List<String> names = Vectors.names("reject_");
    assertThat(names).hasSize(8);
    Map<String, Integer> ports = new LinkedHashMap<>();
    try (GatewayProcess gateway = start(Leg.TTHEADER_FRAMED);
        RawConnection neighbour = RawConnection.to(gateway.address())) {
      for (String name : names) {
        try (RawConnection refused = RawConnection.to(gateway.address())) {
          refused.send(Vectors.bytes(name));
          assertThat(refused.readToEnd()).as(name).isEmpty();
          ports.put(name, refused.localPort());
        }
        String later = name + " after a request";
        try (RawConnection refused = RawConnection.to(gateway.address())) {
          assertThat(refused.exchange(text(Framing.FRAMED, 1, later)).resultText())
              .isEqualTo(later);
          refused.send(Vectors.bytes(name));
          assertThat(refused.readToEnd()).as(later).isEmpty();
          ports.put(later, refused.localPort());
        }
        assertThat(neighbour.exchange(text(Framing.TTHEADER, 2, name)).resultText())
            .isEqualTo(name);
      }
      ports.values().forEach(port -> gateway.awaitLog(from(port), LOGGED));
      gateway.stop();
      ports.forEach(
          (name, port) -> {
            assertThat(gateway.log(from(port))).as(name).hasSize(1);
            LogLine line = gateway.log(from(port)).get(0);
            assertThat(line.level()).isEqualTo("WARN");
            assertThat(line.message()).startsWith("closed a caller's connection: ");
            assertThat(line.values()).containsEntry("listener", "rpc");
          });
    }
  }

  private static Predicate<LogLine> from(int port) {
    return line -> line.values().getOrDefault("peer", "").endsWith(":" + port);
  }

  @Test
  void requestBeforeWhatIsNoRequestIsAnswered() {
    byte[] good = text(Framing.FRAMED, 1, "good").bytes();
    byte[] bad = Vectors.bytes("reject_reply_to_server");
    byte[] both = new byte[good.length + bad.length];
    System.arraycopy(good, 0, both, 0, good.length);
    System.arraycopy(bad, 0, both, good.length, bad.length);
    try (RawConnection refused = RawConnection.to(gateway(Leg.FRAMED))) {
      refused.send(both);
      assertThat(refused.read().resultText()).isEqualTo("good");
      assertThat(refused.readToEnd()).isEmpty();
    }
  }

  /**
   * A gateway whose calls go to a cluster that does not answer, but for those of {@link #SERVICE}.
   *
   * @param timeout of the calls that are not answered
   */
  private static GatewayProcess gateway(InetSocketAddress unanswering, Leg out, String timeout) {
    return GatewayProcess.with(
            """
            listeners:
              rpc: {address: "127.0.0.1:0"}
              admin: {address: "127.0.0.1:0", serves: admin}
            clusters:
              backend: {endpoints: ["127.0.0.1:%d"], transport: ttheader-framed}
              other: {endpoints: ["127.0.0.1:%d"], transport: %s}
            routes:
              - {match: {service: InteropService}, cluster: backend}
              - {cluster: other, timeout: %s}
            """
                .formatted(
                    server.address().getPort(), unanswering.getPort(), out.transport(), timeout))
        .start();
  }

  private static void assertUsable(RawConnection connection) {
    assertThat(connection.exchange(text(Framing.TTHEADER, 77, "usable")).resultText())
        .isEqualTo("usable");
  }

  private static void assertException(Message reply, Message call, int type) {
    assertThat(reply.type()).as("%s", reply).isEqualTo(Message.EXCEPTION);
    assertThat(reply.framing()).isEqualTo(call.framing());
    assertThat(reply.method()).isEqualTo(call.method());
    assertThat(reply.seq()).isEqualTo(call.seq());
    assertThat(reply.headerSeq()).isEqualTo(call.headerSeq());
    assertThat(reply.exceptionType()).isEqualTo(type);
    if (call.framing().hasHeader()) {
      assertThat(reply.ints()).containsEntry(22, "3");
    }
    assertThat(reply.strings()).doesNotContainKey(ENDS);
  }

  private static Message toOther(Framing framing) {
    Message call = Message.call(framing, "Other", "Void", 42, Message.text("x"));
    // Without a TTHeader there is no second sequence number.
    return framing.hasHeader()
        ? call
        : new Message(framing, 0, 0, Map.of(), Map.of(), call.payload());
  }

  @ParameterizedTest
  @EnumSource
  void downstreamThatDoesNotListenIsAnExceptionAtOnce(Leg out) throws IOException {
    // Bound, so that nobody else takes the port, but not listening.
    try (Socket bound = new Socket()) {
      bound.bind(new InetSocketAddress("127.0.0.1", 0));
      InetSocketAddress dead = new InetSocketAddress("127.0.0.1", bound.getLocalPort());
      try (GatewayProcess gateway = gateway(dead, out, "60s");
          RawConnection caller = RawConnection.to(gateway.address())) {
        for (Framing framing : Framing.values()) {
          Message call = toOther(framing);
          Message reply = caller.exchange(call);
          assertException(reply, call, 6);
          assertThat(reply.exceptionText()).startsWith("remote or network error: ");
          assertUsable(caller);
        }
        // Not the deadline of 60 s: reading would have given up before.
        assertThat(gateway.metric("sluice_calls_total", "status=\"deadline_exceeded\"")).isZero();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void silentDownstreamIsAnExceptionAtTheDeadline(Leg out) throws IOException {
    // The system accepts on its behalf; nobody ever reads or answers.
    try (ServerSocket silent = new ServerSocket(0, 50, server.address().getAddress())) {
      InetSocketAddress address = new InetSocketAddress("127.0.0.1", silent.getLocalPort());
      try (GatewayProcess gateway = gateway(address, out, "400ms");
          RawConnection caller = RawConnection.to(gateway.address())) {
        for (Framing framing : Framing.values()) {
          assertTimeout(caller, toOther(framing), 400);
        }
      }
      try (GatewayProcess gateway = gateway(address, out, "60s");
          RawConnection caller = RawConnection.to(gateway.address())) {
        // The caller's own deadline, where its framing can carry one.
        assertTimeout(caller, toOther(Framing.TTHEADER).with(12, "300"), 300);
        assertTimeout(caller, toOther(Framing.TTHEADER_FRAMED).with(12, "300"), 300);
      }
    }
  }

  private static void assertTimeout(RawConnection caller, Message call, int millis) {
    long begin = System.nanoTime();
    Message reply = caller.exchange(call);
    long took = (System.nanoTime() - begin) / 1_000_000;
    assertException(reply, call, 6);
    assertThat(reply.exceptionText()).startsWith("rpc timeout: ");
    // Never early; how late is up to the machine, and bounded by the connection's own limit.
    assertThat(took).isGreaterThanOrEqualTo(millis - 5L);
    assertUsable(caller);
  }

  /**
   * The hardest moment for a oneway call's end is when the downstream has read nothing and the
   * system's buffers are full but for the last part, which is then still in the gateway. Searches
   * the size for that; whatever the size, all of the call must arrive.
   */
  @Test
  void onewayCallArrivesWholeAtSlowDownstream() throws Exception {
    try (ServerSocket slow = new ServerSocket()) {
      slow.setReceiveBufferSize(8192);
      slow.setSoTimeout(20_000);
      slow.bind(new InetSocketAddress("127.0.0.1", 0));
      InetSocketAddress address = new InetSocketAddress("127.0.0.1", slow.getLocalPort());
      try (GatewayProcess gateway = gateway(address, Leg.FRAMED, "60s")) {
        int ends = 0;
        int waits = 16 << 20;
        while (waits - ends > 16 << 10) {
          int size = (ends + waits) >>> 1;
          if (onewayEndsUnread(gateway, slow, size)) {
            ends = size;
          } else {
            waits = size;
          }
        }
        for (int less = 0; less < 64 << 10; less += 16 << 10) {
          onewayEndsUnread(gateway, slow, Math.max(0, ends - less));
        }
      }
    }
  }

  /** Whether it becomes so while a oneway call would long be over. */
  private static boolean isSoon(Callable<Boolean> condition) {
    try {
      await().atMost(Duration.ofMillis(400)).pollInterval(Duration.ofMillis(20)).until(condition);
      return true;
    } catch (ConditionTimeoutException e) {
      return false;
    }
  }

  /** Whether the gateway is done with a oneway call before the downstream has read any of it. */
  private static boolean onewayEndsUnread(GatewayProcess gateway, ServerSocket slow, int size)
      throws Exception {
    Message call =
        Message.call(Framing.FRAMED, "", "Fire", 3, Message.text("x".repeat(size))).oneway();
    double before = gateway.metric("sluice_calls_total");
    try (RawConnection caller = RawConnection.to(gateway.address())) {
      CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> caller.send(call.bytes()));
      try (RawConnection downstream = new RawConnection(slow.accept())) {
        boolean ended = isSoon(() -> gateway.metric("sluice_calls_total") > before);
        assertThat(downstream.read().payload().limit())
            .as("bytes of a oneway call with a text of %d", size)
            .isEqualTo(call.payload().limit());
        sent.get(20, TimeUnit.SECONDS);
        return ended;
      }
    }
  }

  @Test
  void callWithoutRouteIsUnknownService() {
    String config =
        GatewayProcess.configuration("framed", server.address())
            .replace("- cluster", "- match: {service: InteropService}\n    cluster");
    try (GatewayProcess gateway = GatewayProcess.with(config).start();
        RawConnection caller = RawConnection.to(gateway.address())) {
      for (Framing framing : Framing.values()) {
        Message call = toOther(framing);
        Message reply = caller.exchange(call);
        assertException(reply, call, 20);
        String service = framing.hasHeader() ? "Other" : "";
        assertThat(reply.exceptionText()).isEqualTo("unknown service " + service + ", method Void");
        assertUsable(caller);
      }
    }
  }
}
