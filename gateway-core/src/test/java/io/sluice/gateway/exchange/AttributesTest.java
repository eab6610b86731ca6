package io.sluice.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Call;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** What filters keep with a call. */
class AttributesTest {
  private static final Call.Key<String> KEPT = new Call.Key<>("a");
  private static final Call.Key<String> REPLACED = new Call.Key<>("a");
  private static final Call.Key<Integer> REMOVED = new Call.Key<>("a");
  private static final Call.Key<Integer> NEVER_PUT = new Call.Key<>("a");

  private final List<List<Object>> seen = new CopyOnWriteArrayList<>();

  private Step look(Call call) {
    seen.add(
        List.of(
            String.valueOf(call.get(KEPT)),
            String.valueOf(call.get(REPLACED)),
            String.valueOf(call.get(REMOVED)),
            String.valueOf(call.get(NEVER_PUT))));
    return Step.NEXT;
  }

  private Step change(Call call) {
    look(call);
    call.put(REMOVED, null);
    call.put(KEPT, "kept");
    call.put(REMOVED, 1);
    call.put(REPLACED, "before");
    look(call);
    call.put(REPLACED, "after");
    call.put(REMOVED, null);
    return Step.NEXT;
  }

  @Test
  void theyBelongToOneCallAndAreTheirKeys() {
    Probe first =
        Probe.of("first", new Journal()).on(Probe.Hook.REQUEST, (call, none) -> change(call));
    Probe second =
        Probe.of("second", new Journal()).on(Probe.Hook.RESPONSE, (call, none) -> look(call));
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port()), 1, first, second);
        Peer caller = gateway.connect()) {
      caller.call("echo", 1, Thrifts.args("hi"));
      caller.call("echo", 2, Thrifts.args("hi"));
    }
    List<Object> none = List.of("null", "null", "null", "null");
    List<Object> put = List.of("kept", "before", "1", "null");
    List<Object> later = List.of("kept", "after", "null", "null");
    assertThat(seen).containsExactly(none, put, later, none, put, later);
  }
}
