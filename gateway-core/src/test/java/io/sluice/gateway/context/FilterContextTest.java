package io.sluice.gateway.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Cache;
import io.sluice.api.FilterContext;
import io.sluice.api.FilterContext.Scheduled;
import io.sluice.api.FilterFactory;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What filters are lent works, is bounded, and ends with them. */
class FilterContextTest {
  private Downstream downstream;
  private final CountDownLatch end = new CountDownLatch(1);

  @BeforeEach
  void start() {
    downstream = Downstream.echoing();
  }

  @AfterEach
  void stop() {
    end.countDown();
    downstream.close();
  }

  private String using(Borrower... filters) {
    return TestGateway.config("framed", "", downstream.port())
        + Arrays.stream(filters)
            .map(filter -> "{use: " + filter.factory().name() + "}")
            .collect(Collectors.joining(", ", "filters: [", "]\n"));
  }

  private TestGateway run(Borrower... filters) {
    return TestGateway.start(using(filters), 2, factories(filters));
  }

  private static List<FilterFactory<?>> factories(Borrower... filters) {
    List<FilterFactory<?>> factories = new ArrayList<>();
    for (Borrower filter : filters) {
      factories.add(filter.factory());
    }
    return factories;
  }

  private static Message call(TestGateway gateway) {
    try (Peer caller = gateway.connect()) {
      return caller.call("echo", 1, Thrifts.args("hi"));
    }
  }

  // Meters.

  @Test
  void gaugesOfOneNameAreAddedUpAndGoWithTheirFilters() {
    Borrower one =
        new Borrower("one", context -> context.gauge("borrowed", "What is lent.", () -> 3));
    Borrower two =
        new Borrower(
            "two",
            context -> {
              context.gauge("borrowed", "What is lent.", () -> 4);
              context.gauge("two_alone", "Its own.", () -> 1);
            });
    try (TestGateway gateway = run(one, two)) {
      assertThat(gateway.registry().scrape())
          .contains("sluice_borrowed 7.0", "sluice_two_alone 1.0");

      gateway.reload(using(one), factories(one));
      await()
          .untilAsserted(
              () ->
                  assertThat(gateway.registry().scrape())
                      .contains("sluice_borrowed 3.0")
                      .doesNotContain("sluice_two_alone"));
    }
  }

  @Test
  void aGaugeThatThrowsIsLeftOut() {
    Borrower filter =
        new Borrower(
            "one",
            context -> {
              context.gauge("borrowed", "What is lent.", () -> 3);
              context.gauge(
                  "borrowed",
                  "What is lent.",
                  () -> {
                    throw new IllegalStateException("not today");
                  });
              context.gauge(
                  "borrowed",
                  "What is lent.",
                  () -> {
                    throw new AssertionError("never");
                  });
            });
    try (TestGateway gateway = run(filter)) {
      assertThat(gateway.registry().scrape()).contains("sluice_borrowed 3.0");
    }
  }

  @Test
  void timingsAndCountersAreShownWhileOneOfTheirFiltersIsThere() {
    Borrower filter =
        new Borrower(
            "one",
            context -> {
              FilterContext.Timing timing = context.timing("asking", "How long it takes.");
              timing.took(TimeUnit.MILLISECONDS.toNanos(2));
              context.counter("asked", "How often.").add(5);
              assertThat(context.timing("asking", "")).isSameAs(timing);
            });
    Borrower other = Borrower.of("other");
    try (TestGateway gateway = run(filter)) {
      assertThat(gateway.registry().scrape())
          .contains(
              "sluice_asked_total 5.0",
              "sluice_asking_seconds_count 1",
              "sluice_asking_seconds_bucket{le=\"0.001\"} 0",
              "sluice_asking_seconds_bucket{le=\"0.005\"} 1");

      gateway.reload(using(other), factories(other));
      await()
          .untilAsserted(
              () -> assertThat(gateway.registry().scrape()).doesNotContain("sluice_ask"));
    }
  }

  @Test
  void namesThatMeanSomethingElseAreRefused() {
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      FilterContext context = filter.context();
      context.counter("taken", "");
      assertThatThrownBy(() -> context.gauge("taken", "", () -> 1))
          .hasMessage("'taken' is a counter already, so it cannot be a gauge");
      assertThatThrownBy(() -> context.timing("no name", ""))
          .hasMessageStartingWith("a timing's name has lower case letters");
      assertThatThrownBy(() -> context.counter("calls_refused", ""))
          .hasMessageStartingWith("names of the gateway's own meters begin with 'calls'");
      assertThatThrownBy(() -> context.counter("refused_total", ""))
          .hasMessageStartingWith("leave out '_total' of refused_total");
      assertThatThrownBy(
              () -> {
                for (int i = 0; i <= Meters.MAX; i++) {
                  context.counter("many_" + i, "");
                }
              })
          .hasMessage("filters have 1000 meters already");
      assertThat(gateway.registry().scrape()).contains("sluice_taken_total");
    }
  }

  /** So that no filter can take a name that the gateway comes to use. */
  @Test
  void theGatewaysOwnNamesAreKeptForIt() {
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      call(gateway);
      await().until(() -> gateway.registry().scrape().contains("sluice_calls_total"));
      assertThat(gateway.registry().scrape().lines())
          .filteredOn(line -> line.startsWith("sluice_"))
          .allSatisfy(line -> assertThat(Meters.OWN).contains(line.split("[_ {]")[1]));
    }
  }

  // Work that blocks.

  @Test
  void anAnswerComesBackToTheCallsOwnLoop() {
    List<String> threads = new CopyOnWriteArrayList<>();
    Borrower filter = Borrower.of("one");
    filter.onRequest(
        call -> {
          String loop = Thread.currentThread().getName();
          return Step.await(
              filter
                  .context()
                  .blocking(
                      () -> {
                        threads.add(Thread.currentThread().getName());
                        return "done";
                      })
                  .map(
                      done -> {
                        threads.add(
                            Thread.currentThread().getName().equals(loop) ? "the loop" : "another");
                        return Step.NEXT;
                      }));
        });
    try (TestGateway gateway = run(filter)) {
      call(gateway);
    }
    assertThat(threads).containsExactly("filter-one-1", "the loop");
  }

  @Test
  void workThatFailsIsAFailedFuture() {
    Borrower filter = Borrower.of("one");
    filter.onRequest(
        call ->
            Step.await(
                filter
                    .context()
                    .<Step>blocking(
                        () -> {
                          throw new IllegalStateException("disk full");
                        })
                    .recover(
                        why ->
                            Future.succeededFuture(
                                Step.reject(Status.forbidden(why.getMessage()))))));
    try (TestGateway gateway = run(filter);
        Peer caller = gateway.connect()) {
      caller.send(Thrifts.call("echo", 1, "hi"));
      assertThat(caller.read().exception().text()).contains("disk full");
    }
  }

  @Test
  void workBeyondItsBoundIsRefusedAndTheRestIsDone() {
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      AtomicInteger done = new AtomicInteger();
      List<Future<Integer>> all = new ArrayList<>();
      int most = Worker.THREADS + Worker.WAITING;
      for (int i = 0; i < most; i++) {
        all.add(
            filter
                .context()
                .blocking(
                    () -> {
                      end.await();
                      return done.incrementAndGet();
                    }));
      }
      Future<Integer> tooMany = filter.context().blocking(() -> 0);
      assertThat(tooMany.failed()).isTrue();
      assertThat(tooMany.cause())
          .isInstanceOf(RejectedExecutionException.class)
          .hasMessage("1000 pieces of work of filter 'one' wait already");
      call(gateway); // nobody else is held up

      end.countDown();
      TestGateway.get(Future.all(all));
      assertThat(done).hasValue(most);
    }
  }

  @Test
  void whatRunsIsInterruptedAndWhatWaitsFailsWhenTheFilterIsStopped() {
    Borrower filter = Borrower.of("one");
    Borrower other = Borrower.of("other");
    AtomicInteger interrupted = new AtomicInteger();
    try (TestGateway gateway = run(filter)) {
      List<Future<Integer>> all = new ArrayList<>();
      for (int i = 0; i < Worker.THREADS + 1; i++) {
        all.add(
            filter
                .context()
                .blocking(
                    () -> {
                      try {
                        end.await();
                        return 1;
                      } catch (InterruptedException e) {
                        return interrupted.incrementAndGet();
                      }
                    }));
      }
      gateway.reload(using(other), factories(other));
      await().until(() -> all.stream().allMatch(Future::isComplete));
      assertThat(interrupted).hasValue(Worker.THREADS);
      assertThat(all.get(Worker.THREADS).cause()).hasMessage("filter 'one' has been stopped");
      await()
          .untilAsserted(
              () ->
                  assertThat(Thread.getAllStackTraces().keySet())
                      .noneMatch(thread -> thread.getName().startsWith("filter-one-")));
    }
  }

  @Test
  void workThatHeedsNothingIsNamedAndHoldsNobodyUp() throws Exception {
    Borrower filter = Borrower.of("one");
    Borrower other = Borrower.of("other");
    CountDownLatch begun = new CountDownLatch(1);
    try (Warnings warnings = new Warnings("io.sluice.gateway.context");
        TestGateway gateway = run(filter)) {
      filter
          .context()
          .blocking(
              () -> {
                begun.countDown();
                while (true) {
                  try {
                    end.await();
                    return 1;
                  } catch (InterruptedException e) {
                    // As code does that must not be plugged into anything.
                  }
                }
              });
      begun.await();
      gateway.reload(using(other), factories(other));
      assertThat(warnings.only())
          .startsWith("filter 'one' is stopped, but 1 of its worker threads go on");
      call(gateway);
    }
  }

  @Test
  void oneThreadDoesWhatOneThreadCan() {
    List<String> threads = new CopyOnWriteArrayList<>();
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      filter
          .context()
          .every(Duration.ofMillis(10), () -> threads.add(Thread.currentThread().getName()));
      await().until(() -> threads.size() >= 2 * Worker.THREADS);
      call(gateway);
    }
    assertThat(new HashSet<>(threads)).hasSizeLessThan(Worker.THREADS / 2);
  }

  // Times.

  @Test
  void whatIsSetIsDoneOnAWorkerUntilItIsCancelled() {
    List<String> done = new CopyOnWriteArrayList<>();
    Borrower filter = Borrower.of("one");
    try (TestGateway gateway = run(filter)) {
      filter.context().after(Duration.ZERO, () -> done.add(Thread.currentThread().getName()));
      await().until(() -> done.size() == 1);
      assertThat(done).allMatch(thread -> thread.startsWith("filter-one-"));

      filter.context().after(Duration.ofHours(1), () -> done.add("too early")).cancel();
      Scheduled again =
          filter
              .context()
              .every(
                  Duration.ofMillis(10),
                  () -> {
                    done.add("again");
                    throw new IllegalStateException("and goes on");
                  });
      await().until(() -> done.size() > 3);
      again.cancel();
      call(gateway);
      assertThatThrownBy(() -> filter.context().every(Duration.ofMillis(9), () -> {}))
          .hasMessageStartingWith("a period is at least 10 ms");
      assertThatThrownBy(() -> filter.context().after(Duration.ofMillis(-1), () -> {}))
          .hasMessageStartingWith("a delay is not negative");
      assertThatThrownBy(
              () -> {
                for (int i = 0; i <= Schedule.MAX; i++) {
                  filter.context().after(Duration.ofHours(1), () -> {});
                }
              })
          .isInstanceOf(RejectedExecutionException.class);
    }
  }

  @Test
  void nothingThatIsSetRunsBesideOrAfterTheStop() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger afterStop = new AtomicInteger();
    List<Integer> atStop = new CopyOnWriteArrayList<>();
    Borrower filter =
        new Borrower(
            "one",
            context -> {
              for (int i = 0; i < 10; i++) {
                context.every(
                    Duration.ofMillis(10),
                    () -> {
                      running.incrementAndGet();
                      Thread.yield();
                      running.decrementAndGet();
                      if (!atStop.isEmpty()) {
                        afterStop.incrementAndGet();
                      }
                    });
              }
            });
    filter.onStop(() -> atStop.add(running.get()));
    Borrower other = Borrower.of("other");
    try (TestGateway gateway = run(filter)) {
      gateway.reload(using(other), factories(other));
      await().until(() -> !atStop.isEmpty());
      CountDownLatch later = new CountDownLatch(20);
      other.context().every(Duration.ofMillis(10), later::countDown);
      await().until(() -> later.getCount() == 0);
    }
    assertThat(atStop).containsExactly(0);
    assertThat(afterStop).hasValue(0);
  }

  // Caches.

  @Test
  void aCacheIsBoundedAndEmptyAfterTheStop() {
    Borrower filter = Borrower.of("one");
    Borrower other = Borrower.of("other");
    try (TestGateway gateway = run(filter)) {
      Cache<Integer, String> cache = filter.context().cache(100, Duration.ofHours(1));
      for (int i = 0; i < 1000; i++) {
        cache.put(i, "x");
      }
      assertThat(cache.size()).isBetween(1L, 100L);
      assertThat(cache.get(-1, key -> "made " + key)).isEqualTo("made -1");
      assertThat(cache.get(-1)).isEqualTo("made -1");
      cache.remove(-1);
      assertThat(cache.get(-1)).isNull();

      gateway.reload(using(other), factories(other));
      await().until(() -> cache.size() == 0);
      cache.put(1, "late");
      assertThat(cache.size()).isZero();
    }
  }

  /** A key that fails once it is told to. */
  private static final class Key {
    private boolean fails;

    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      if (fails) {
        throw new IllegalStateException("no hash");
      }
      return 1;
    }
  }

  @Test
  void aCacheThatCannotBeEmptiedKeepsNothingElse() {
    Borrower filter = Borrower.of("one");
    Borrower other = Borrower.of("other");
    Key key = new Key();
    try (Warnings warnings = new Warnings("io.sluice.gateway.context");
        TestGateway gateway = run(other, filter)) {
      filter.context().cache(10, Duration.ofHours(1)).put(key, "x");
      Future<Integer> work =
          filter
              .context()
              .blocking(
                  () -> {
                    end.await();
                    return 1;
                  });
      CountDownLatch stopped = new CountDownLatch(1);
      other.onStop(stopped::countDown);
      key.fails = true;
      gateway.reload(TestGateway.config("framed", "", downstream.port()), List.of());
      await()
          .untilAsserted(
              () ->
                  assertThat(warnings.lines())
                      .anyMatch(l -> l.startsWith("a cache of filter 'one' could not be emptied")));
      await().until(work::isComplete);
      await().until(() -> stopped.getCount() == 0);
    }
  }

  // The end.

  @Test
  void nothingIsLentAfterTheStop() {
    Borrower filter = Borrower.of("one");
    Borrower other = Borrower.of("other");
    try (TestGateway gateway = run(filter)) {
      FilterContext context = filter.context();
      gateway.reload(using(other), factories(other));
      await()
          .untilAsserted(
              () ->
                  assertThatThrownBy(context::redis)
                      .isInstanceOf(IllegalStateException.class)
                      .hasMessage("filter 'one' has been stopped"));
      assertThatThrownBy(() -> context.counter("late", "")).hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.gauge("late", "", () -> 1)).hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.timing("late", "")).hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.blocking(() -> 1)).hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.after(Duration.ZERO, () -> {}))
          .hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.every(Duration.ofHours(1), () -> {}))
          .hasMessageContaining("stopped");
      assertThatThrownBy(context::http).hasMessageContaining("stopped");
      assertThatThrownBy(() -> context.cache(1, Duration.ofHours(1)))
          .hasMessageContaining("stopped");
    }
  }

  @Test
  void aFilterThatCannotStartLeavesNothing() {
    Borrower broken =
        new Borrower(
            "broken",
            context -> {
              context.gauge("broken_gauge", "", () -> 1);
              context.every(Duration.ofMillis(10), () -> {});
              throw new IllegalStateException("no");
            });
    Borrower fine = Borrower.of("fine");
    try (TestGateway gateway = run(fine)) {
      assertThatThrownBy(() -> gateway.reload(using(broken), factories(broken)))
          .hasStackTraceContaining("filter 'broken' cannot start: no");
      assertThat(gateway.registry().scrape()).doesNotContain("sluice_broken_gauge");
      await()
          .untilAsserted(
              () ->
                  assertThat(Thread.getAllStackTraces().keySet())
                      .noneMatch(thread -> thread.getName().startsWith("filter-broken-")));
    }
  }
}
