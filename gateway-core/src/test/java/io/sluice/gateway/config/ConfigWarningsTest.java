package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Outcome;
import io.sluice.api.Step;
import org.junit.jupiter.api.Test;

/** The warnings; those about routes are tested with the command that tells them. */
class ConfigWarningsTest {
  private record None() {}

  private static final FilterFactory<None> ASKED =
      Configs.factory(
          "asked",
          None.class,
          settings ->
              new Filter() {
                @Override
                public Step onRequest(Call call) {
                  return Step.NEXT;
                }
              });

  private static final FilterFactory<None> LOOKING =
      Configs.factory(
          "looking",
          None.class,
          settings ->
              new Filter() {
                @Override
                public void onComplete(Call call, Outcome outcome) {}
              });

  private static LoadedConfig load(String text) {
    return Configs.load(MINIMAL + text, ASKED, LOOKING);
  }

  @Test
  void whoOnlyLooksOnStandsFirst() {
    assertThat(load("filters: [{use: looking}, {use: asked}]\n").warnings()).isEmpty();
    assertThat(load("filters: [{use: looking}, {use: looking}]\n").warnings()).isEmpty();
    assertThat(load("filters: [{use: asked}, {use: looking}]\n").warnings())
        .extracting(Fault::toString)
        .containsExactly(
            "g.yaml:2:31: filter 'looking' does not see calls that 'asked' before it ends: put it"
                + " first");
  }

  @Test
  void aHostThatCallersChooseHasAnEndOrAList() {
    String cluster =
        """
        clusters: {c: {endpoints: ['%s'], transport: framed%s}}
        routes: [{cluster: c}]
        """;
    assertThat(load(cluster.formatted("{service}.svc.local:1", "")).warnings()).isEmpty();
    assertThat(load(cluster.formatted("{name}:1", ", template: {allow: [a]}")).warnings())
        .isEmpty();
    assertThat(load(cluster.formatted("svc-{service}:1", "")).warnings())
        .extracting(Fault::toString)
        .containsExactly(
            "g.yaml:2:28: callers choose the end of the host in 'svc-{service}:1': give it a fixed"
                + " ending, or list in 'template: {allow: …}' what it may be");
  }

  @Test
  void whatACallByGrpcIsHasToBeSaidWhereItCounts() {
    String routes =
        """
        clusters:
          c: {endpoints: ['a:1'], transport: {unary: ttheader, streaming: %s}}
        routes:
          - {match: {service: s, method: get}, mode: unary, cluster: c}
          - {match: {service: s, protocol: framed}, cluster: c}
          - {match: {service: s}, cluster: c}
        """;
    assertThat(load(routes.formatted("same")).warnings()).isEmpty();
    assertThat(load(routes.formatted("grpc")).warnings()).isEmpty();
    assertThat(load(routes.formatted("none")).warnings()).isEmpty();
    assertThat(load(routes.formatted("ttstream")).warnings())
        .extracting(Fault::toString)
        .containsExactly(
            "g.yaml:7:5: gRPC Thrift calls of route 's' are refused: cluster 'c' takes calls and"
                + " streams by other protocols: say 'mode: unary' or 'mode: stream'; methods can"
                + " have routes of their own");
  }

  @Test
  void aModeThatTheClusterDoesNotTakeIsHardlyMeant() {
    String routes =
        """
        clusters:
          calls: {endpoints: ['a:1'], transport: {unary: framed, streaming: none}}
          streams: {endpoints: ['a:1'], transport: {streaming: ttstream}}
        routes:
          - {match: {service: a}, mode: stream, cluster: calls}
          - {match: {service: b}, mode: unary, cluster: streams}
          - {match: {service: c}, mode: %s, clusters: {calls: %d, streams: 1}}
        """;
    assertThat(load(routes.formatted("auto", 1)).warnings())
        .extracting(Fault::toString)
        .containsExactly(
            "g.yaml:6:5: no gRPC call of route 'a' can go to cluster 'calls': the cluster takes no"
                + " streams: its transport has 'streaming: none'",
            "g.yaml:7:5: no gRPC call of route 'b' can go to cluster 'streams': the cluster takes"
                + " streams only: its transport has no 'unary'");
    assertThat(load(routes.formatted("stream", 1)).warnings()).hasSize(3);
    assertThat(load(routes.formatted("stream", 0)).warnings()).hasSize(2);
  }

  @Test
  void aTransportSaysHowCallsGo() {
    assertThatThrownBy(
            () -> load("clusters: {c: {endpoints: ['a:1'], transport: {streaming: same}}}"))
        .hasMessageContaining(
            "missing key 'unary': it is required unless 'streaming' is 'grpc' or 'ttstream'");
    assertThatThrownBy(() -> load("clusters: {c: {endpoints: ['a:1'], transport: ttstream}}"))
        .hasMessageContaining("'ttstream' is not known here: did you mean 'streaming: ttstream'?");
    assertThatThrownBy(
            () -> load("clusters: {c: {endpoints: ['a:1'], transport: {unary: ttstream}}}"))
        .hasMessageContaining("'ttstream' is not known here: did you mean 'streaming: ttstream'?");
    assertThatThrownBy(() -> load("clusters: {c: {endpoints: ['a:1'], transport: frame}}"))
        .hasMessageContaining("'frame' is not known here: did you mean 'framed'?");
    assertThatThrownBy(
            () ->
                load(
                    "clusters: {c: {endpoints: ['a:1'], transport: {unary: grpc, multiplex: true},"
                        + " checksum: crc32c}}"))
        .hasMessageContaining("calls without a TTHeader cannot share a connection")
        .hasMessageContaining("there is no place for a checksum without a TTHeader");
  }

  @Test
  void theSameIsTrueOfTheFiltersOfARoute() {
    assertThat(
            load("""
                clusters: {c: {endpoints: ['a:1'], transport: framed}}
                filters: [{use: asked}]
                routes:
                  - {cluster: c, filters: [{use: asked}, {use: looking}]}
                  - {cluster: c, filters: [{use: looking}], match: {service: s}}
                """)
                .warnings())
        .extracting(Fault::line)
        .containsExactly(5);
  }
}
