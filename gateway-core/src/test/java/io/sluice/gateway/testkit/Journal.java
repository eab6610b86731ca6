package io.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Call;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What probes were asked, in order, as {@code name.HOOK}. */
public final class Journal {
  private final List<String> events = new CopyOnWriteArrayList<>();
  private final List<Status> ends = new CopyOnWriteArrayList<>();
  private final List<String> threads = new CopyOnWriteArrayList<>();

  void note(String name, Probe.Hook hook, Call call) {
    events.add(name + '.' + hook);
    threads.add(Thread.currentThread().getName());
  }

  void completed(Outcome outcome) {
    ends.add(outcome.status());
  }

  public List<String> events() {
    return events;
  }

  /** The events of one hook, by the names of the filters. */
  public List<String> namesAt(Probe.Hook hook) {
    return events.stream()
        .filter(e -> e.endsWith("." + hook))
        .map(e -> e.substring(0, e.indexOf('.')))
        .toList();
  }

  /** How calls ended, as the completion hooks were told. */
  public List<Status> ends() {
    return ends;
  }

  /** Threads on which hooks ran. */
  public List<String> threads() {
    return threads;
  }

  /** Forgets what was so far. */
  public void clear() {
    events.clear();
    ends.clear();
    threads.clear();
  }

  public void awaitEvent(String event) {
    await().atMost(Duration.ofSeconds(20)).until(() -> events.contains(event));
  }

  /** Waits until these filters have completed, and sees that each did so once. */
  public void assertCompletedOnce(String... names) {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(10))
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(namesAt(Probe.Hook.COMPLETE)).containsExactlyInAnyOrder(names));
  }
}
