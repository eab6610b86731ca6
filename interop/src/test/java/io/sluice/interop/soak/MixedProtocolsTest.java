package io.sluice.interop.soak;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.GrpcPeer;
import io.sluice.interop.harness.Peers;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Callers of every protocol through one gateway, as they are and translated, with one connection
 * each, whose downstreams are killed and started again one after the other. Every answer is
 * compared with what was asked; calls fail only while their downstream is not there, none is stuck,
 * and nothing grows.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
final class MixedProtocolsTest {
  private static final int SECONDS =
      Integer.getInteger("sluice.soak.mixed.seconds", Soak.pick(4, 600));
  private static final int PHASES = Soak.pick(2, 10);

  /** In each phase: so every place is restarted in the short form too. */
  private static final int LEAST_RESTARTS = 2;

  /** Between two restarts. */
  private static final Duration PAUSE = Duration.ofSeconds(Soak.pick(1, 3));

  /** After the last, so that it is seen that all have recovered. */
  private static final Duration LAST = Trouble.RECOVERY.plusSeconds(3);

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration END = Duration.ofSeconds(60);

  /** Of a caller's timeline. */
  private static final int BUCKET_MILLIS = 100;

  /** Longer than any pause of a busy machine: a call that meets it is stuck. */
  private static final String PATIENCE = "30s";

  /** A downstream that runs. */
  private record Running(InetSocketAddress address, Runnable kill) {
    static Running of(Peers.Server server) {
      return new Running(server.address(), server::close);
    }

    static Running of(GrpcPeer.Server server) {
      return new Running(server.address(), server::close);
    }
  }

  /** The downstreams. */
  private enum Place {
    USUAL,
    /** Speaks another protocol than the callers. */
    TRANSLATED,
    /** Answers multiplexed calls side by side. */
    MULTIPLEXED,
    /** Of another implementation of gRPC than the rest. */
    GRPC_GO;

    Running start() {
      return switch (this) {
        case USUAL, TRANSLATED -> Running.of(Peers.server());
        case MULTIPLEXED -> Running.of(Peers.server("--mux"));
        case GRPC_GO -> Running.of(GrpcPeer.GO.server());
      };
    }

    Running startAt(InetSocketAddress address) {
      return switch (this) {
        case USUAL, TRANSLATED -> Running.of(Peers.serverAt(address));
        case MULTIPLEXED -> Running.of(Peers.serverAt(address, "--mux"));
        case GRPC_GO -> Running.of(GrpcPeer.serverAt(address));
      };
    }
  }

  /** What callers of grpc-go speak; the others are Kitex's. */
  private static final String GO = "grpc-go";

  /** One caller: by which listener it comes, what it speaks, and how many share its connection. */
  private record Caller(Place place, String listener, String transport, String shape, int workers) {
    Peers.Load start(GatewayProcess gateway) {
      InetSocketAddress to = new InetSocketAddress("127.0.0.1", gateway.port(listener));
      List<String> options =
          new ArrayList<>(
              List.of(
                  "--shape", shape, "--workers", Integer.toString(workers), "--timeout", PATIENCE));
      if (transport.equals(GO)) {
        return GrpcPeer.load(to, options.toArray(String[]::new));
      }
      options.addAll(
          List.of("--connections", "1", "--shared", "--tolerate-errors", "--full-timeline"));
      return Soak.endless(to, transport, options.toArray(String[]::new));
    }

    /** What it says when it has lost its downstream, or has not found it. */
    Loss loss() {
      return switch (transport) {
        case GO -> Loss.GRPC_GO;
        case "grpc-pb", "grpc-thrift" -> Loss.KITEX_GRPC;
        case "ttstream" -> Loss.TTSTREAM;
        default -> Loss.PING_PONG;
      };
    }

    @Override
    public String toString() {
      return transport + ' ' + shape + " to " + listener;
    }
  }

  private static Caller usual(String transport, String shape, int workers) {
    return new Caller(Place.USUAL, "rpc", transport, shape, workers);
  }

  private static Caller translated(String listener, String transport, String shape, int workers) {
    return new Caller(Place.TRANSLATED, listener, transport, shape, workers);
  }

  private static final List<Caller> CALLERS =
      List.of(
          usual("buffered", "unary", 1),
          usual("framed", "unary", 1),
          usual("ttheader", "unary", 1),
          usual("ttheader-framed", "unary", 1),
          usual("kitexpb-ttheader-framed", "unary", 1),
          usual("grpc-pb", "unary", 4),
          usual("grpc-pb", "stream", 2),
          usual("grpc-pb", "long-stream", 2),
          usual("grpc-thrift", "unary", 2),
          usual("grpc-thrift", "stream", 2),
          usual("ttstream", "stream", 4),
          usual("ttstream", "long-stream", 4),
          new Caller(Place.MULTIPLEXED, "multiplexed", "ttheader-mux", "unary", 4),
          new Caller(Place.MULTIPLEXED, "multiplexed", "kitexpb-ttheader-mux", "unary", 4),
          new Caller(Place.GRPC_GO, "rpc", GO, "unary", 2),
          new Caller(Place.GRPC_GO, "rpc", GO, "stream", 2),
          new Caller(Place.GRPC_GO, "rpc", GO, "long-stream", 2),
          translated("grpc-to-thrift", "grpc-thrift", "unary", 2),
          translated("grpc-to-thrift", "grpc-thrift", "stream", 2),
          translated("grpc-to-thrift", "grpc-thrift", "long-stream", 2),
          translated("grpc-to-protobuf", "grpc-pb", "unary", 2),
          translated("to-grpc", "ttstream", "stream", 2),
          translated("to-grpc", "ttstream", "long-stream", 2),
          translated("to-grpc", "framed", "unary", 1),
          translated("to-grpc", "ttheader-framed", "unary", 1),
          translated("to-grpc", "kitexpb-ttheader-framed", "unary", 1));

  private static String config(Map<Place, Running> servers) {
    return """
        listeners:
          rpc: {address: "127.0.0.1:0"}
          multiplexed: {address: "127.0.0.1:0"}
          grpc-to-thrift: {address: "127.0.0.1:0"}
          grpc-to-protobuf: {address: "127.0.0.1:0"}
          to-grpc: {address: "127.0.0.1:0"}
          admin: {address: "127.0.0.1:0", serves: admin}
        clusters:
          buffered: {endpoints: ["127.0.0.1:%1$d"], transport: buffered, idleTimeout: 1s}
          framed: {endpoints: ["127.0.0.1:%1$d"], transport: framed, idleTimeout: 1s}
          ttheader: {endpoints: ["127.0.0.1:%1$d"], transport: ttheader, idleTimeout: 1s}
          usual: {endpoints: ["127.0.0.1:%1$d"], transport: ttheader-framed, idleTimeout: 1s}
          multiplexed:
            endpoints: ["127.0.0.1:%3$d"]
            transport: {unary: ttheader-framed, multiplex: true}
            idleTimeout: 1s
          thrift:
            endpoints: ["127.0.0.1:%2$d"]
            transport: {unary: ttheader-framed, streaming: ttstream}
            idleTimeout: 1s
          grpc-thrift:
            endpoints: ["127.0.0.1:%2$d"]
            transport: {unary: grpc, streaming: grpc}
            idleTimeout: 1s
            service: InteropService
          grpc-streams:
            endpoints: ["127.0.0.1:%2$d"]
            transport: {unary: ttheader-framed, streaming: grpc}
            idleTimeout: 1s
          grpc-protobuf:
            endpoints: ["127.0.0.1:%2$d"]
            transport: {unary: grpc}
            idleTimeout: 1s
            package: interop.pb
          grpc-go:
            endpoints: ["127.0.0.1:%4$d"]
            transport: {unary: grpc, streaming: grpc}
            idleTimeout: 1s
        routes:
          - {match: {listener: multiplexed}, cluster: multiplexed}
          - {match: {listener: grpc-to-thrift}, cluster: thrift, mode: stream}
          - {match: {listener: grpc-to-thrift, method: Ping}, cluster: thrift, mode: unary}
          - {match: {listener: grpc-to-protobuf}, cluster: thrift, mode: unary}
          - {match: {listener: to-grpc}, cluster: grpc-thrift, mode: unary}
          - {match: {listener: to-grpc, protocol: ttstream}, cluster: grpc-streams, mode: stream}
          - {match: {listener: to-grpc, codec: protobuf}, cluster: grpc-protobuf, mode: unary}
          - {match: {listener: rpc, service: interop.Raw}, cluster: grpc-go}
          - {match: {listener: rpc, protocol: buffered}, cluster: buffered}
          - {match: {listener: rpc, protocol: framed}, cluster: framed}
          - {match: {listener: rpc, protocol: ttheader}, cluster: ttheader}
          - cluster: usual
        """
        .formatted(
            servers.get(Place.USUAL).address().getPort(),
            servers.get(Place.TRANSLATED).address().getPort(),
            servers.get(Place.MULTIPLEXED).address().getPort(),
            servers.get(Place.GRPC_GO).address().getPort());
  }

  @Test
  void everyAnswerIsRightWhileDownstreamsComeAndGo() {
    Map<Place, Running> servers = new EnumMap<>(Place.class);
    Map<Place, Trouble> troubles = new EnumMap<>(Place.class);
    Map<Caller, Peers.Load> loads = new LinkedHashMap<>();
    try {
      for (Place place : Place.values()) {
        servers.put(place, place.start());
        troubles.put(place, new Trouble());
      }
      try (GatewayProcess gateway =
          GatewayProcess.with(config(servers)).java(Siege.SMALL_MEMORY).start()) {
        Footprint footprint = new Footprint("all protocols", gateway);
        CALLERS.forEach(caller -> loads.put(caller, caller.start(gateway)));
        loads.values().forEach(load -> load.awaitRunning(START));
        int restarts = 0;
        for (int phase = 1; phase <= PHASES; phase++) {
          long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS) / PHASES;
          while (System.nanoTime() < end || restarts < phase * LEAST_RESTARTS) {
            Place place = Place.values()[restarts++ % Place.values().length];
            troubles
                .get(place)
                .during(
                    () -> {
                      servers.get(place).kill().run();
                      servers.compute(place, (key, gone) -> place.startAt(gone.address()));
                    });
            Soak.pass(PAUSE);
          }
          footprint.look("phase " + phase);
        }
        Soak.pass(LAST);
        long end = System.currentTimeMillis();
        Map<Caller, JsonNode> reports = new LinkedHashMap<>();
        loads.forEach((caller, load) -> reports.put(caller, load.stop(END)));
        Soak.say("%d restarts of downstreams in %d s", restarts, SECONDS);
        footprint.awaitNothingLeft();
        footprint.lookAtRest("at the end");
        assertRight(reports, troubles, end);
        footprint.assertFlat();
      }
    } finally {
      loads.values().forEach(Peers.Load::close);
      servers.values().forEach(server -> server.kill().run());
    }
  }

  /**
   * @param end when the callers were told to stop, in milliseconds since 1970
   */
  private static void assertRight(
      Map<Caller, JsonNode> reports, Map<Place, Trouble> troubles, long end) {
    SoftAssertions all = new SoftAssertions();
    reports.forEach(
        (caller, report) -> {
          Trouble trouble = troubles.get(caller.place);
          List<Trouble.Span> calm = trouble.calm(report.path("beganAtMs").asLong(), end);
          Soak.say(
              "%s, %d ms beside restarts, errors %s",
              Soak.figures(report),
              calm.stream().mapToLong(span -> span.to() - span.from()).sum(),
              report.path("errorTexts"));
          all.assertThat(report.path("mismatches").asLong())
              .as("%s: wrong answers", caller)
              .isZero();
          all.assertThat(report.path("stuck").asLong()).as("%s: stuck calls", caller).isZero();
          all.assertThat(report.path("errorTexts").properties())
              .as("%s: errors other than a lost downstream", caller)
              .allMatch(error -> caller.loss().isSaidBy(error.getKey()));
          all.assertThat(calm).as("%s: times without trouble", caller).isNotEmpty();
          for (Trouble.Span span : calm) {
            all.assertThat(sum(report, span, "ok"))
                .as("%s: right answers while the downstream was there, %s", caller, span)
                .isPositive();
            all.assertThat(sum(report, span, "errors"))
                .as("%s: errors while the downstream was there, %s", caller, span)
                .isZero();
          }
        });
    all.assertAll();
  }

  /** Of the buckets of the timeline that lie in that time. */
  private static long sum(JsonNode report, Trouble.Span span, String what) {
    long sum = 0;
    for (JsonNode bucket : report.path("timeline")) {
      long at = report.path("beganAtMs").asLong() + bucket.path("atMs").asLong();
      if (at >= span.from() && at + BUCKET_MILLIS <= span.to()) {
        sum += bucket.path(what).asLong();
      }
    }
    return sum;
  }
}
