package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.RawConnection;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * SIGTERM to one of two gateways while Kitex clients call both, as in a rolling restart, {@link
 * #STOPS} times.
 */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class StopUnderLoadTest {
  private static final int STOPS = Soak.pick(2, 10);
  private static final int CONNECTIONS = 32;
  private static final Duration CALM = Duration.ofMillis(700);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** What a Kitex client says of a call that it could not even send: nobody has lost that. */
  private static final String NOT_CONNECTED = "get connection error";

  /** A reply can say that the connection ends. */
  static final List<String> TOLD =
      Soak.LONG ? List.of("ttheader", "ttheader-framed") : List.of("ttheader-framed");

  /** It cannot, or the caller does not listen to it: what is on the way then is not answered. */
  static final List<String> NOT_TOLD =
      Soak.LONG ? List.of("framed", "buffered", "ttheader-mux") : List.of("framed");

  /** Its connections are told, and what is opened until the caller has heard of it is served. */
  static final List<String> GRPC =
      Soak.LONG ? List.of("grpc-pb", "grpc-thrift") : List.of("grpc-pb");

  /** What came of the calls while one gateway was told to stop. */
  private record Stopped(int status, JsonNode report, long answeredByServer) {}

  private interface Check {
    void of(Stopped stopped);
  }

  @ParameterizedTest
  @FieldSource("TOLD")
  void noCallIsLost(String transport) {
    stopUnderLoad(
        transport,
        stopped -> {
          assertAllAnswersArrived(stopped);
          assertNoneFailed(stopped);
        });
  }

  @ParameterizedTest
  @FieldSource("GRPC")
  void noCallOfGrpcIsLost(String transport) {
    stopUnderLoad(transport, StopUnderLoadTest::assertNoneFailed);
  }

  /** Calls fail only if the gateway has not read them: then the server has not seen them. */
  @ParameterizedTest
  @FieldSource("NOT_TOLD")
  void noCallThatWasReadIsLost(String transport) {
    stopUnderLoad(transport, StopUnderLoadTest::assertAllAnswersArrived);
  }

  private static void assertNoneFailed(Stopped stopped) {
    assertThat(stopped.report.path("errorTexts").properties())
        .filteredOn(text -> !text.getKey().contains(NOT_CONNECTED))
        .isEmpty();
  }

  private static void assertAllAnswersArrived(Stopped stopped) {
    assertThat(stopped.report.path("ok").asLong())
        .as("calls that the server has answered")
        .isEqualTo(stopped.answeredByServer);
  }

  private static void stopUnderLoad(String transport, Check check) {
    try (Peers.Server server = Peers.server()) {
      GatewayProcess next = before(server);
      try {
        for (int i = 0; i < STOPS; i++) {
          GatewayProcess goes = next;
          next = before(server);
          try (goes) {
            Stopped stopped = stop(goes, next, server, transport);
            Soak.say(
                "stop %d under %s: status %d, errors %s",
                i + 1,
                Soak.figures(stopped.report),
                stopped.status,
                stopped.report.path("errorTexts"));
            assertThat(stopped.status).as("exit status: calls were lost").isZero();
            assertThat(stopped.report.path("mismatches").asLong()).isZero();
            assertThat(stopped.report.path("stuck").asLong()).isZero();
            check.of(stopped);
          }
        }
      } finally {
        next.close();
      }
    }
  }

  private static GatewayProcess before(Peers.Server server) {
    return GatewayProcess.with(GatewayProcess.configuration("ttheader-framed", server.address()))
        .start();
  }

  private static Stopped stop(
      GatewayProcess goes, GatewayProcess stays, Peers.Server server, String transport) {
    long before = calls(server);
    try (Peers.Load load =
        Soak.endless(
            List.of(goes.address(), stays.address()),
            transport,
            "--tolerate-errors",
            "--connections",
            Integer.toString(CONNECTIONS))) {
      load.awaitRunning(LIMIT);
      // Whom the system has connected and the gateway not accepted yet, nobody can answer.
      await("every caller is connected")
          .atMost(LIMIT)
          .until(() -> goes.metric("sluice_connections", "listener=\"rpc\"") >= CONNECTIONS);
      Soak.pass(CALM);
      int status = goes.stop();
      Soak.pass(CALM);
      JsonNode report = load.stop(LIMIT);
      return new Stopped(status, report, calls(server) - before);
    }
  }

  /** The calls of a load that the server has had. */
  private static long calls(Peers.Server server) {
    try (RawConnection connection = RawConnection.to(server.address())) {
      return connection
          .exchange(Message.call(Framing.FRAMED, "", "Fired", 1, Message.text("#blobs")))
          .resultNumber();
    }
  }
}
