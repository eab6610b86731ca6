package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.sluice.interop.Expectations.Codec;
import io.sluice.interop.Expectations.Leg;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import io.sluice.interop.harness.VoloPeer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A second implementation of TTHeader on either side of the gateway. */
final class VoloTest {
  private static final List<String> CODECS = List.of("framed", "buffered", "ttheader-framed");

  /** What the Volo server does as the Kitex server, and Kitex clients can tell. */
  private static final List<String> CASES =
      List.of(
          "rich",
          "void",
          "empty",
          "empty-string",
          "text",
          "blob-0",
          "blob-1m",
          "blob-8m",
          "declared-exception",
          "plain-error",
          "typed-error",
          "sequence",
          "concurrent-64",
          "oneway");

  @BeforeAll
  static void needsCargo() {
    assumeTrue(VoloPeer.isThere(), "there is no cargo to build the Volo peer with");
  }

  /** Volo does not answer the calls of a connection side by side. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TTHEADER_MUX")
  void voloClientCallsKitexServer(Leg out) {
    try (Peers.Server server = Peers.server()) {
      String config = GatewayProcess.configuration(out.transport(), server.address());
      try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
        for (String codec : CODECS) {
          List<String> lines = VoloPeer.client(gateway.address(), codec);
          List<String> failed = lines.stream().filter(line -> !line.startsWith("ok ")).toList();
          boolean metadataIsLost = codec.startsWith("ttheader") && !out.carriesMetadata();
          if (metadataIsLost) {
            assertThat(failed)
                .hasSize(2)
                .allMatch(line -> line.matches("FAILED (persistent metadata|business status).*"));
          } else {
            assertThat(failed).isEmpty();
          }
          assertThat(lines).hasSize(codec.startsWith("ttheader") ? 13 : 11);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "TTHEADER_MUX")
  void kitexClientCallsVoloServer(Leg out) {
    try (VoloPeer server = VoloPeer.server()) {
      String config = GatewayProcess.configuration(out.transport(), server.address());
      try (GatewayProcess gateway = GatewayProcess.with(config).start()) {
        for (Leg in : Leg.values()) {
          List<String> cases = new ArrayList<>(CASES);
          if (in.carriesMetadata() && out.carriesMetadata()) {
            cases.add("metainfo-persistent");
          }
          Map<String, Outcome> seen =
              Peers.client(gateway.address(), in.label(Codec.THRIFT), cases.toArray(String[]::new));
          assertThat(seen).containsOnlyKeys(cases);
          seen.values()
              .forEach(outcome -> assertThat(outcome.ok()).as("%s", outcome.whole()).isTrue());
        }
      }
    }
  }
}
