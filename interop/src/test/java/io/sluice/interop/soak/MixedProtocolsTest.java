package io.sluice.interop.soak;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
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
      Integer.getInteger("sluice.soak.mixed.seconds", Soak.pick(10, 600));
  private static final int PHASES = Soak.pick(2, 10);
  private static final Duration CALM = Duration.ofSeconds(3);
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration END = Duration.ofSeconds(60);

  /** Longer than any pause of a busy machine: a call that meets it is stuck. */
  private static final String PATIENCE = "30s";

  /** The downstreams. */
  private enum Place {
    USUAL,
    /** Speaks another protocol than the callers. */
    TRANSLATED,
    /** Answers multiplexed calls side by side. */
    MULTIPLEXED;

    private Peers.Server start() {
      return this == MULTIPLEXED ? Peers.server("--mux") : Peers.server();
    }

    private Peers.Server startAt(InetSocketAddress address) {
      return this == MULTIPLEXED ? Peers.serverAt(address, "--mux") : Peers.serverAt(address);
    }
  }

  /** One caller: by which listener it comes, what it speaks, and how many share its connection. */
  private record Caller(Place place, String listener, String transport, String shape, int workers) {
    Peers.Load start(GatewayProcess gateway) {
      return Soak.endless(
          new InetSocketAddress("127.0.0.1", gateway.port(listener)),
          transport,
          "--shape",
          shape,
          "--connections",
          "1",
          "--workers",
          Integer.toString(workers),
          "--shared",
          "--tolerate-errors",
          "--timeout",
          PATIENCE);
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
          translated("grpc-to-thrift", "grpc-thrift", "unary", 2),
          translated("grpc-to-thrift", "grpc-thrift", "stream", 2),
          translated("grpc-to-thrift", "grpc-thrift", "long-stream", 2),
          translated("grpc-to-protobuf", "grpc-pb", "unary", 2),
          translated("to-grpc", "ttstream", "stream", 2),
          translated("to-grpc", "ttstream", "long-stream", 2),
          translated("to-grpc", "framed", "unary", 1),
          translated("to-grpc", "ttheader-framed", "unary", 1),
          translated("to-grpc", "kitexpb-ttheader-framed", "unary", 1));

  /** What a call may say that has lost its downstream, or has not found it. */
  private static final List<String> LOST =
      List.of("get connection error", "connection to ADDR lost", "Connection reset by peer");

  private static String config(Map<Place, Peers.Server> servers) {
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
        routes:
          - {match: {listener: multiplexed}, cluster: multiplexed}
          - {match: {listener: grpc-to-thrift}, cluster: thrift, mode: stream}
          - {match: {listener: grpc-to-thrift, method: Ping}, cluster: thrift, mode: unary}
          - {match: {listener: grpc-to-protobuf}, cluster: thrift, mode: unary}
          - {match: {listener: to-grpc}, cluster: grpc-thrift, mode: unary}
          - {match: {listener: to-grpc, protocol: ttstream}, cluster: grpc-streams, mode: stream}
          - {match: {listener: to-grpc, codec: protobuf}, cluster: grpc-protobuf, mode: unary}
          - {match: {listener: rpc, protocol: buffered}, cluster: buffered}
          - {match: {listener: rpc, protocol: framed}, cluster: framed}
          - {match: {listener: rpc, protocol: ttheader}, cluster: ttheader}
          - cluster: usual
        """
        .formatted(
            servers.get(Place.USUAL).address().getPort(),
            servers.get(Place.TRANSLATED).address().getPort(),
            servers.get(Place.MULTIPLEXED).address().getPort());
  }

  @Test
  void everyAnswerIsRightWhileDownstreamsComeAndGo() {
    Map<Place, Peers.Server> servers = new EnumMap<>(Place.class);
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
          while (System.nanoTime() < end) {
            Place place = Place.values()[restarts++ % Place.values().length];
            troubles
                .get(place)
                .during(
                    () -> {
                      servers.get(place).close();
                      servers.compute(place, (key, gone) -> place.startAt(gone.address()));
                    });
            Soak.pass(CALM);
          }
          footprint.look("phase " + phase);
        }
        Map<Caller, JsonNode> reports = new LinkedHashMap<>();
        loads.forEach((caller, load) -> reports.put(caller, load.stop(END)));
        Soak.say("%d restarts of downstreams in %d s", restarts, SECONDS);
        footprint.awaitNothingLeft();
        footprint.look("at the end");
        assertRight(reports, troubles);
        footprint.assertFlat();
      }
    } finally {
      loads.values().forEach(Peers.Load::close);
      servers.values().forEach(Peers.Server::close);
    }
  }

  private static void assertRight(Map<Caller, JsonNode> reports, Map<Place, Trouble> troubles) {
    SoftAssertions all = new SoftAssertions();
    reports.forEach(
        (caller, report) -> {
          Soak.say(
              "%s, dials %d, errors %s",
              Soak.figures(report), report.path("dials").asInt(), report.path("errorTexts"));
          all.assertThat(report.path("mismatches").asLong())
              .as("%s: wrong answers", caller)
              .isZero();
          all.assertThat(report.path("stuck").asLong()).as("%s: stuck calls", caller).isZero();
          all.assertThat(report.path("ok").asLong()).as("%s: right answers", caller).isPositive();
          all.assertThat(report.path("errorTexts").properties())
              .as("%s: errors other than a lost downstream", caller)
              .allMatch(error -> LOST.stream().anyMatch(error.getKey()::contains));
          all.assertThat(errorsAt(report, troubles.get(caller.place)))
              .as("%s: ms at which calls failed although the downstream was there", caller)
              .isEmpty();
        });
    all.assertAll();
  }

  /** When errors came that no trouble explains, in milliseconds since the caller's start. */
  private static List<Long> errorsAt(JsonNode report, Trouble trouble) {
    List<Long> unexplained = new ArrayList<>();
    for (JsonNode bucket : report.path("timeline")) {
      long at = report.path("beganAtMs").asLong() + bucket.path("atMs").asLong();
      if (bucket.path("errors").asLong() > 0 && !trouble.touches(at, at + 100)) {
        unexplained.add(bucket.path("atMs").asLong());
      }
    }
    return unexplained;
  }
}
