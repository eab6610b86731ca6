package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Many calls over 64 connections, each with a body of its own: none is lost, none gets another's
 * reply, and no buffer leaks. As many for each pair of framings as {@link #CALLS} says.
 */
final class MillionCallsTest {
  private static final int CALLS = Soak.pick(40_000, 1_000_000);
  private static final Duration LIMIT = Soak.LONG ? Duration.ofMinutes(20) : Duration.ofMinutes(2);

  @ParameterizedTest(name = "{0} to {1}")
  @CsvSource({
    "framed, ttheader-framed",
    "ttheader-framed, framed",
    "ttheader-framed, ttheader-framed",
  })
  @Timeout(value = 25, unit = TimeUnit.MINUTES)
  void everyCallGetsItsOwnReply(String in, String out) {
    try (Peers.Server server = Peers.server();
        GatewayProcess gateway =
            GatewayProcess.with(GatewayProcess.configuration(out, server.address())).start();
        Peers.Load load =
            Peers.load(
                gateway.address(),
                in,
                "--connections",
                "64",
                "--calls",
                Integer.toString(CALLS),
                "--timeout",
                "10s")) {
      JsonNode report = load.await(LIMIT);
      Soak.say("%s to %s: %s, RSS %d MiB", in, out, Soak.figures(report), gateway.rss() >> 20);
      Soak.assertFlawless(report);
      assertThat(report.path("ok").asLong()).isEqualTo(CALLS);
      assertThat(report.path("dials").asLong()).as("connections dialled").isEqualTo(64);
      assertThat(gateway.metric("sluice_calls_total", "status=\"ok\"")).isEqualTo(CALLS);
      assertThat(gateway.metric("sluice_calls_total")).isEqualTo(CALLS);
    }
  }
}
