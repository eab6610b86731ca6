package io.sluice.gateway.exchange;

import static io.sluice.gateway.testkit.Probe.Hook.END;
import static io.sluice.gateway.testkit.Probe.Hook.REQUEST;
import static io.sluice.gateway.testkit.Probe.Hook.RESPONSE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.api.BizStatus;
import io.sluice.api.Call;
import io.sluice.api.Outcome;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Vectors;
import io.sluice.gateway.testkit.Vectors.Vector;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What becomes of metadata between a caller and a downstream that both speak TTHeader. */
class MetadataTest {
  private final Journal journal = new Journal();
  private final AtomicReference<Message> got = new AtomicReference<>();

  /** Answers once, with a backward value. */
  private Downstream downstream(Protocol framing) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            got.set(m);
            peer.send(
                Thrifts.ttheader(
                    framing,
                    Map.of(22, "2"),
                    Map.of("backward", "value", "rip", "9.9.9.9:9"),
                    2,
                    m.method(),
                    m.seqId(),
                    Thrifts.result("done")));
          }
        });
  }

  private static TestGateway gateway(Downstream downstream, String transport, Probe... probes) {
    return TestGateway.start(TestGateway.config(transport, "", downstream.port()), 1, probes);
  }

  @ParameterizedTest
  @EnumSource(
      value = Protocol.class,
      names = {"TTHEADER", "TTHEADER_FRAMED"})
  void whatNoFilterTouchesArrivesAsItWas(Protocol framing) {
    Vector vector = Vectors.named("ttheader_kitex_client_call");
    try (Downstream downstream = downstream(framing);
        TestGateway gateway = gateway(downstream, framing.label());
        Peer caller = gateway.connect()) {
      caller.send(vector.bytes());
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(2);
      assertThat(reply.framing()).isEqualTo(Protocol.TTHEADER_FRAMED);
      assertThat(reply.seqId()).isEqualTo(1);
      assertThat(reply.strings()).isEqualTo(Map.of("backward", "value"));
      assertThat(reply.integers()).isEqualTo(Map.of(22, "2"));
    }
    Message request = got.get();
    assertThat(request.framing()).isEqualTo(framing);
    assertThat(request.strings())
        .containsAllEntriesOf(vector.strings())
        .containsKey("rip")
        .hasSize(vector.strings().size() + 1);
    assertThat(request.integers())
        .isEqualTo(
            Map.of(
                1, framing == Protocol.TTHEADER ? "unframed" : "framed",
                3, "up.caller",
                6, "dest.svc",
                9, "Echo",
                20, "UpM",
                22, "1"));
  }

  @Test
  void whatAFilterChangesIsSeenOnBothSides() {
    Probe rewrite =
        Probe.of("rewrite", journal)
            .on(
                REQUEST,
                (call, m) -> {
                  assertThat(call.metadata().get("Old")).isEqualTo("1");
                  assertThat(call.metadata().get("ol")).isNull();
                  assertThat(call.metadata().get("straße")).isEqualTo("2");
                  call.metadata().set("x-new", "käse");
                  call.metadata().remove("old");
                  call.persistent().set("Tenant", "t1");
                  call.persistent().remove("pk");
                  call.transients().set("hop", "h1");
                  return Step.NEXT;
                })
            .on(
                RESPONSE,
                (call, m) -> {
                  assertThat(call.responseMetadata().get("backward")).isEqualTo("value");
                  call.responseMetadata().set("backward", "other");
                  call.responseMetadata().set("added", "1");
                  return Step.NEXT;
                });
    try (Downstream downstream = downstream(Protocol.TTHEADER);
        TestGateway gateway = gateway(downstream, "ttheader", rewrite);
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER,
              Map.of(),
              Map.of(
                  "isn", "S",
                  "old", "1",
                  "straße", "2",
                  "RPC_PERSIST_pk", "pv",
                  "RPC_TRANSIT_tk", "tv"),
              1,
              "echo",
              5,
              Thrifts.args("hi")));
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(2);
      assertThat(reply.strings()).isEqualTo(Map.of("backward", "other", "added", "1"));
    }
    assertThat(got.get().strings())
        .containsEntry("isn", "S")
        .containsEntry("x-new", "käse")
        .containsEntry("RPC_PERSIST_Tenant", "t1")
        .containsEntry("RPC_TRANSIT_tk", "tv")
        .containsEntry("RPC_TRANSIT_hop", "h1")
        .doesNotContainKeys("old", "RPC_PERSIST_pk");
  }

  @Test
  void aFramedCallerCanBeGivenMetadata() {
    Probe tag =
        Probe.of("tag", journal)
            .on(
                REQUEST,
                (call, m) -> {
                  call.metadata().set("x-gateway", "sluice");
                  return Step.NEXT;
                });
    try (Downstream downstream = downstream(Protocol.TTHEADER_FRAMED);
        TestGateway gateway = gateway(downstream, "ttheader-framed", tag);
        Peer caller = gateway.connect()) {
      Message reply = caller.call("echo", 5, Thrifts.args("hi"));
      assertThat(reply.framing()).isEqualTo(Protocol.FRAMED);
      assertThat(Thrifts.text(reply.body())).isEqualTo("done");
    }
    assertThat(got.get().strings()).containsEntry("x-gateway", "sluice");
    assertThat(got.get().integers()).containsEntry(9, "echo").containsEntry(22, "1");
  }

  @Test
  void keysOfTheProtocolAreNotAFiltersToSet() {
    Probe bold =
        Probe.of("bold", journal)
            .on(
                REQUEST,
                (call, m) -> {
                  for (String key : new String[] {"isn", "RIP", "crc32c", "rpc_persist_x", ""}) {
                    assertThatThrownBy(() -> call.metadata().set(key, "x"))
                        .isInstanceOf(IllegalArgumentException.class);
                  }
                  assertThatThrownBy(() -> call.metadata().set("k", "a\nb"))
                      .isInstanceOf(IllegalArgumentException.class);
                  assertThat(call.metadata().get("isn")).isNull();
                  return Step.NEXT;
                });
    try (Downstream downstream = downstream(Protocol.TTHEADER);
        TestGateway gateway = gateway(downstream, "ttheader", bold);
        Peer caller = gateway.connect()) {
      caller.send(Vectors.named("ttheader_kitex_client_call").bytes());
      assertThat(caller.read().type()).isEqualTo(2);
    }
  }

  @Test
  void aBusinessStatusIsShownAndKept() {
    AtomicReference<BizStatus> seen = new AtomicReference<>();
    Probe look = Probe.of("look", journal).onEndDo((call, end) -> seen.set(end.bizStatus()));
    Vector vector = Vectors.named("ttheader_biz_status_reply");
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message m = peer.read();
                  peer.send(
                      Thrifts.ttheader(
                          Protocol.TTHEADER_FRAMED,
                          vector.integers(),
                          vector.strings(),
                          2,
                          m.method(),
                          m.seqId(),
                          new byte[] {0}));
                });
        TestGateway gateway = gateway(downstream, "ttheader-framed", look);
        Peer caller = gateway.connect()) {
      caller.send(Vectors.named("ttheader_kitex_client_call").bytes());
      Message reply = caller.read();
      assertThat(reply.type()).isEqualTo(2);
      assertThat(reply.strings()).isEqualTo(vector.strings());
    }
    assertThat(seen.get().message()).isEqualTo(vector.strings().get("biz-message"));
    assertThat(journal.namesAt(END)).containsExactly("look");
  }

  /** What a caller without a TTHeader cannot be told otherwise. */
  @Test
  void aBusinessStatusIsAnExceptionForAFramedCaller() {
    try (Downstream downstream =
            Downstream.serving(
                (peer, n) -> {
                  Message m = peer.read();
                  peer.send(
                      Thrifts.ttheader(
                          Protocol.TTHEADER_FRAMED,
                          Map.of(),
                          Map.of("biz-status", "404", "biz-message", "no such"),
                          2,
                          m.method(),
                          m.seqId(),
                          new byte[] {0}));
                });
        TestGateway gateway = gateway(downstream, "ttheader-framed");
        Peer caller = gateway.connect()) {
      assertThat(caller.call("echo", 1, Thrifts.args("hi")).exception().text())
          .isEqualTo("biz error: code=404, msg=no such");
    }
  }

  @Test
  void theCallersDeadlineIsToldWithWhatIsLeftOfIt() {
    AtomicReference<Call> seen = new AtomicReference<>();
    AtomicReference<Outcome> end = new AtomicReference<>();
    Probe look = Probe.of("look", journal);
    look.on(
        REQUEST,
        (call, m) -> {
          seen.set(call);
          assertThat(call.timeLeft()).isPresent();
          return Step.NEXT;
        });
    look.onEndDo((call, outcome) -> end.set(outcome));
    try (Downstream downstream = downstream(Protocol.TTHEADER_FRAMED);
        TestGateway gateway = gateway(downstream, "ttheader-framed", look);
        Peer caller = gateway.connect()) {
      caller.send(
          Thrifts.ttheader(
              Protocol.TTHEADER_FRAMED,
              Map.of(12, "5000", 17, "50"),
              Map.of(),
              1,
              "echo",
              5,
              Thrifts.args("hi")));
      assertThat(caller.read().type()).isEqualTo(2);
      journal.assertCompletedOnce("look");
    }
    assertThat(Integer.parseInt(got.get().integers().get(12))).isBetween(1, 5000);
    assertThat(got.get().integers()).doesNotContainKey(17);
    assertThatThrownBy(() -> end.get().status(Status.OK)).isInstanceOf(IllegalStateException.class);
    assertThat(seen.get().method()).isEqualTo("echo");
  }

  /** A deadline that nobody asked for is the gateway's own. */
  @Test
  void withoutADeadlineNoneIsTold() {
    try (Downstream downstream = downstream(Protocol.TTHEADER_FRAMED);
        TestGateway gateway = gateway(downstream, "ttheader-framed");
        Peer caller = gateway.connect()) {
      caller.send(Vectors.named("ttheader_kitex_client_call").bytes());
      assertThat(caller.read().type()).isEqualTo(2);
    }
    assertThat(got.get().integers()).doesNotContainKey(12);
  }
}
