package io.sluice.gateway.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.FilterFactory;
import io.sluice.api.Outcome;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Given;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** When a gateway starts its filters and stops them. */
class FilterLifeTest {
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<String> threads = new CopyOnWriteArrayList<>();

  /** A filter that notes its life. */
  private class Lived implements Filter {
    final String name;
    FilterContext.Counter calls;

    Lived(String name) {
      this.name = name;
    }

    @Override
    public void start(FilterContext context) throws Exception {
      note("start");
      threads.add(Thread.currentThread().getName());
      calls = context.counter("test_calls", "Calls that the filter has seen.");
    }

    @Override
    public void onComplete(Call call, Outcome outcome) {
      calls.add(2);
      note("complete");
    }

    @Override
    public void stop() {
      note("stop");
      threads.add(Thread.currentThread().getName());
    }

    void note(String what) {
      events.add(name + '.' + what);
    }

    FilterFactory<?> factory() {
      return new Given(name, this);
    }
  }

  private static List<FilterFactory<?>> factories(Lived... filters) {
    List<FilterFactory<?>> factories = new ArrayList<>();
    for (Lived filter : filters) {
      factories.add(filter.factory());
    }
    return factories;
  }

  private static String using(int port, String... names) {
    StringBuilder text = new StringBuilder(TestGateway.config("framed", "", port));
    text.append("filters:\n");
    for (String name : names) {
      text.append("  - {use: ").append(name).append("}\n");
    }
    return text.toString();
  }

  @Test
  void startsInOrderBeforeTheFirstCallAndStopsInReverseAfterTheLast() {
    try (Downstream downstream = Downstream.echoing()) {
      TestGateway gateway =
          TestGateway.start(
              using(downstream.port(), "one", "two"),
              2,
              factories(new Lived("one"), new Lived("two")));
      assertThat(events).containsExactly("one.start", "two.start");
      try (Peer caller = gateway.connect()) {
        caller.call("echo", 1, Thrifts.args("hi"));
      }
      await().until(() -> events.contains("one.complete"));
      gateway.close();
    }
    assertThat(events)
        .containsExactly(
            "one.start", "two.start", "two.complete", "one.complete", "two.stop", "one.stop");
    assertThat(threads)
        .containsExactly(
            "filter-start-one", "filter-start-two", "filter-stop-two", "filter-stop-one");
  }

  @Test
  void stopsAfterACallThatTheEndOfTheGraceHasCutOff() {
    try (Downstream silent = Downstream.serving((peer, n) -> new Silence().of(peer))) {
      TestGateway gateway =
          TestGateway.start(using(silent.port(), "one"), 1, factories(new Lived("one")));
      try (Peer caller = gateway.connect()) {
        caller.send(Thrifts.call("echo", 1, "hi"));
        await().until(() -> silent.open() == 1);
        gateway.close();
      }
    }
    assertThat(events).containsExactly("one.start", "one.complete", "one.stop");
  }

  /** Reads and never answers. */
  private static final class Silence {
    void of(Peer peer) {
      for (Message m = peer.read(); m != null; m = peer.read()) {}
    }
  }

  @Test
  void aFilterUsedInManyPlacesAsOneInstanceStartsOnce() {
    try (Downstream downstream = Downstream.echoing()) {
      TestGateway.start(using(downstream.port(), "one", "one"), 1, factories(new Lived("one")))
          .close();
    }
    assertThat(events).containsExactly("one.start", "one.stop");
  }

  @Test
  void onesThatCannotStartRefuseTheConfigurationAndStopTheOthers() {
    Lived broken =
        new Lived("broken") {
          @Override
          public void start(FilterContext context) throws IOException {
            throw new IOException("no space left");
          }
        };
    assertThatThrownBy(
            () ->
                TestGateway.start(
                    using(1, "one", "two", "broken", "late"),
                    1,
                    factories(new Lived("one"), new Lived("two"), broken, new Lived("late"))))
        .hasRootCauseMessage("no space left")
        .hasStackTraceContaining("filter 'broken' cannot start: no space left");
    assertThat(events).containsExactly("one.start", "two.start", "two.stop", "one.stop");
  }

  @Test
  void aGatewayThatCannotListenStopsItsFilters() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String text = using(1, "one").replace("127.0.0.1:0", "127.0.0.1:" + taken.getLocalPort());
      assertThatThrownBy(() -> TestGateway.start(text, 1, factories(new Lived("one"))))
          .hasStackTraceContaining("listener 'rpc' cannot listen");
    }
    assertThat(events).containsExactly("one.start", "one.stop");
  }

  @Test
  void oneThatFailsToStopDoesNotKeepTheOthers() {
    Lived clumsy =
        new Lived("clumsy") {
          @Override
          public void stop() {
            throw new IllegalStateException("stuck");
          }
        };
    try (Downstream downstream = Downstream.echoing()) {
      TestGateway.start(
              using(downstream.port(), "one", "clumsy"), 1, factories(new Lived("one"), clumsy))
          .close();
    }
    assertThat(events).containsExactly("one.start", "clumsy.start", "one.stop");
  }

  @Test
  void countersOfOneNameAreOneAndAreShown() {
    try (Downstream downstream = Downstream.echoing()) {
      TestGateway gateway =
          TestGateway.start(
              using(downstream.port(), "one", "two"),
              1,
              factories(new Lived("one"), new Lived("two")));
      try (gateway;
          Peer caller = gateway.connect()) {
        caller.call("echo", 1, Thrifts.args("hi"));
        PrometheusMeterRegistry registry = gateway.registry();
        await().until(() -> registry.scrape().contains("sluice_test_calls_total 4.0"));
      }
    }
  }

  @Test
  void aCounterThatIsNoNameIsRefused() {
    Lived odd =
        new Lived("odd") {
          @Override
          public void start(FilterContext context) {
            context.counter("Not a name", "");
          }
        };
    assertThatThrownBy(() -> TestGateway.start(using(1, "odd"), 1, factories(odd)))
        .hasStackTraceContaining("filter 'odd' cannot start: a counter's name has");
  }

  /** Lends nothing. */
  private static Lender.Loan nothing(NamedFilter filter) {
    return new Lender.Loan() {
      @Override
      public FilterContext context() {
        return null;
      }

      @Override
      public void endSchedule() {}

      @Override
      public void close() {}
    };
  }

  /** A filter that comes back when it is interrupted only. */
  private final class Endless implements Filter {
    @Override
    public void start(FilterContext context) throws InterruptedException {
      new CountDownLatch(1).await();
    }
  }

  @Test
  void doesNotWaitForEverForAStart() {
    FilterLife life =
        new FilterLife(
            filter -> {
              events.add("lent");
              return nothing(filter);
            },
            1,
            1);
    NamedFilter endless = new NamedFilter("endless", new Endless());

    assertThatThrownBy(() -> life.use(List.of(endless)))
        .isInstanceOf(FilterStartException.class)
        .hasMessage(
            "filter 'endless' cannot start: has not come back in 1 s, it is in "
                + Endless.class.getName()
                + ".start");
    life.release(List.of(endless));
    assertThat(events).containsExactly("lent");
  }
}
