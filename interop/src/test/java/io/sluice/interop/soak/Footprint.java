package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What a gateway occupies, looked at again and again: it may not grow. */
final class Footprint {
  private static final int MIB = 1 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** What any look may find beyond what there was before the first caller. */
  private static final int HEAP_AT_WORK_MIB = 48;

  /**
   * What there may be beyond it when all callers have gone: counters, and code that was compiled.
   */
  private static final int HEAP_AT_REST_MIB = 10;

  private static final int RSS_AT_WORK_MIB = 128;

  /** What the later half of the looks may have beyond the greatest of the first. */
  private static final int HEAP_GROWTH_MIB = 16;

  private static final int RSS_GROWTH_MIB = Soak.pick(64, 32);
  private static final int THREAD_GROWTH = 8;

  /** For the admin page, and what looking at a JVM from outside opens in it. */
  private static final int FILE_GROWTH = 4;

  /**
   * @param heap in MiB, after the garbage was collected
   * @param rss in MiB, with what buffers take beside the heap
   */
  private record Look(long heap, long rss, int files, int threads) {}

  private final String name;
  private final GatewayProcess gateway;
  private final Look atFirst;
  private final List<Look> looks = new ArrayList<>();

  /** Those of them when there were no callers. */
  private final List<Look> looksAtRest = new ArrayList<>();

  Footprint(String name, GatewayProcess gateway) {
    this.name = name;
    this.gateway = gateway;
    atFirst = measure("before the first caller");
  }

  /** There are no callers now: waits until all that was theirs is gone. */
  void awaitNothingLeft() {
    awaitZero("sluice_streams_open");
    awaitZero("sluice_pool_calls");
    awaitZero("sluice_connections");
    awaitZero("sluice_memory_held_bytes");
    await(name + ": open files return to " + atFirst.files)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(gateway.openFiles()).isLessThanOrEqualTo(atFirst.files + FILE_GROWTH));
  }

  private void awaitZero(String metric) {
    await(name + ": " + metric)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              String page = gateway.metrics();
              assertThat(page.lines().filter(line -> line.startsWith(metric)))
                  .as(metric)
                  .isNotEmpty()
                  .allMatch(line -> line.endsWith(" 0.0") || line.contains("listener=\"admin\""));
            });
  }

  /** Notes what it occupies now. */
  void look(String when) {
    looks.add(measure(when));
  }

  /** The same, when {@link #awaitNothingLeft nothing is left} of callers. */
  void lookAtRest(String when) {
    look(when);
    looksAtRest.add(looks.get(looks.size() - 1));
  }

  private Look measure(String when) {
    gateway.collectGarbage();
    Look look =
        new Look(
            (long) gateway.metric("jvm_memory_used_bytes", "area=\"heap\"") / MIB,
            gateway.rss() / MIB,
            gateway.openFiles(),
            gateway.threads());
    Soak.say("%s, %s: in MiB, %s", name, when, look);
    return look;
  }

  /** In the first half of the looks code is compiled, and pools grow to their size. */
  void assertFlat() {
    assertThat(looks).as(name).hasSizeGreaterThan(1);
    assertThat(looksAtRest).as("%s: looks at rest", name).isNotEmpty();
    Look greatest = most(looks);
    assertThat(greatest.heap)
        .as("%s: heap of %s, before them %s", name, looks, atFirst)
        .isLessThanOrEqualTo(atFirst.heap + HEAP_AT_WORK_MIB);
    assertThat(most(looksAtRest).heap)
        .as("%s: heap at rest of %s, before them %s", name, looksAtRest, atFirst)
        .isLessThanOrEqualTo(atFirst.heap + HEAP_AT_REST_MIB);
    assertThat(greatest.rss)
        .as("%s: RSS of %s, before them %s", name, looks, atFirst)
        .isLessThanOrEqualTo(atFirst.rss + RSS_AT_WORK_MIB);
    int half = (looks.size() + 1) / 2;
    Look most = most(looks.subList(0, half));
    Look later = most(looks.subList(half, looks.size()));
    assertThat(later.heap)
        .as("%s: heap of %s", name, looks)
        .isLessThanOrEqualTo(most.heap + HEAP_GROWTH_MIB);
    assertThat(later.rss)
        .as("%s: RSS of %s", name, looks)
        .isLessThanOrEqualTo(most.rss + RSS_GROWTH_MIB);
    assertThat(later.threads)
        .as("%s: threads of %s", name, looks)
        .isLessThanOrEqualTo(most.threads + THREAD_GROWTH);
  }

  private static Look most(List<Look> looks) {
    Look most = new Look(0, 0, 0, 0);
    for (Look look : looks) {
      most =
          new Look(
              Math.max(most.heap, look.heap),
              Math.max(most.rss, look.rss),
              Math.max(most.files, look.files),
              Math.max(most.threads, look.threads));
    }
    return most;
  }
}
