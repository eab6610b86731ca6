package io.sluice.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Given;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Probe.Hook;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A filter that blocks its event loop. */
class BlockedLoopsTest {
  private static final int LOOPS = 2;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Journal journal = new Journal();
  private final Probe good = Probe.ofMessages("good", journal);
  private final Probe bad = Probe.ofMessages("bad", journal);
  private final CountDownLatch go = new CountDownLatch(1);

  private Step block() {
    try {
      assertThat(go.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Step.NEXT;
  }

  @ParameterizedTest
  @EnumSource(
      value = Hook.class,
      names = {"REQUEST", "RESPONSE_MESSAGE", "COMPLETE"})
  void isNamedAndTheOtherLoopsGoOn(Hook hook) {
    bad.on(hook, (call, m) -> call.method().equals("block") ? block() : Step.NEXT);
    try (Warnings warnings = new Warnings();
        Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port()), LOOPS, good, bad)) {
      Map<String, Peer> callers = oneOfEachLoop(gateway);
      String blocked = callers.keySet().iterator().next();
      try {
        callers.get(blocked).send(Thrifts.call("block", 1, "hi"));
        await().atMost(PATIENCE).until(() -> !ofBad(warnings).isEmpty());
        assertThat(ofBad(warnings).get(0))
            .contains("an event loop has not turned for ", "a filter keeps it")
            .contains("loop=\"" + blocked + "\"", "place=\"global\"")
            .contains("hook=\"" + io.sluice.gateway.filter.Hook.valueOf(hook.name()) + "\"");
        callers.forEach(
            (loop, caller) -> {
              if (!loop.equals(blocked)) {
                assertThat(caller.call("other", 2, Thrifts.args("hi")).type()).isEqualTo(2);
              }
            });
        go.countDown();
        assertThat(callers.get(blocked).read().type()).isEqualTo(2);
        assertThat(callers.get(blocked).call("other", 3, Thrifts.args("hi")).type()).isEqualTo(2);
        assertThat(ofBad(warnings)).hasSize(1);
        assertThat(
                gateway
                    .registry()
                    .get("sluice.filter.blocked")
                    .tag("filter", "bad")
                    .counter()
                    .count())
            .isEqualTo(1);
      } finally {
        callers.values().forEach(Peer::close);
      }
    }
  }

  /** Does the same on the gateway's worker. */
  private final class Considerate implements Filter {
    private FilterContext context;

    @Override
    public void start(FilterContext lent) {
      context = lent;
    }

    @Override
    public Step onRequest(Call call) {
      return call.method().equals("block")
          ? Step.await(context.blocking(BlockedLoopsTest.this::block))
          : Step.NEXT;
    }
  }

  @Test
  void theSameWorkOnTheWorkerStallsNobody() {
    Given factory = new Given("considerate", new Considerate());
    try (Downstream downstream = Downstream.echoing();
        TestGateway gateway =
            TestGateway.start(
                TestGateway.config("framed", "", downstream.port())
                    + "filters: [{use: good}, {use: considerate, answerWithin: 1m}]\n",
                1,
                List.of(good.factory(), factory));
        Peer waiting = gateway.connect();
        Peer caller = gateway.connect()) {
      waiting.send(Thrifts.call("block", 1, "hi"));
      journal.awaitEvent("good.REQUEST");
      for (int i = 0; i < 20; i++) {
        assertThat(caller.call("other", i, Thrifts.args("hi")).type()).isEqualTo(2);
      }
      go.countDown();
      assertThat(waiting.read().type()).isEqualTo(2);
      assertThat(
              gateway
                  .registry()
                  .find("sluice.filter.blocked")
                  .tag("filter", "considerate")
                  .counter())
          .isNull();
    }
  }

  private static List<String> ofBad(Warnings warnings) {
    return warnings.lines().stream().filter(line -> line.contains("filter=\"bad\"")).toList();
  }

  /** Connections to each of the loops, by the names of their threads. */
  private Map<String, Peer> oneOfEachLoop(TestGateway gateway) {
    Map<String, Peer> callers = new LinkedHashMap<>();
    while (callers.size() < LOOPS) {
      Peer caller = gateway.connect();
      caller.call("who", 1, Thrifts.args("hi"));
      String loop = journal.threads().get(journal.threads().size() - 1);
      if (callers.putIfAbsent(loop, caller) != null) {
        caller.close();
      }
    }
    return callers;
  }
}
