package io.sluice.gateway.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.plugin.PluginStatus.State;
import io.sluice.gateway.testkit.PluginJar;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code of a plugin was unloaded, and something holds it, or nothing does. */
class CodeWatchTest {
  private static final String API = "0.1.0";
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String FACTORY =
      """
      import io.sluice.api.Filter;
      import io.sluice.api.FilterFactory;
      import org.pf4j.Extension;

      @Extension
      public class Maker implements FilterFactory<Maker.Settings> {
        public record Settings() {}
        public static final class Held {}
        /*member*/
        public Maker() { /*constructor*/ }
        @Override public String name() { return "made"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) {
          /*create*/
          return new Filter() {};
        }
      }
      """;
  private static final String POLLER =
      """
      Thread poller = new Thread(
          () -> {
            while (!Thread.currentThread().isInterrupted()) {
              java.util.concurrent.locks.LockSupport.park();
            }
          },
          "poller");
      poller.setDaemon(true);
      poller.start();
      """;
  private static final String TIMER =
      "private final java.util.Timer timer = new java.util.Timer(\"ticker\", true);";
  private static final String TICK =
      """
      timer.schedule(
          new java.util.TimerTask() { @Override public void run() {} }, 3_600_000);
      """;
  private static final String LOCAL =
      "private static final ThreadLocal<Held> LOCAL = new ThreadLocal<>();";

  @TempDir private Path folder;
  @TempDir private Path copies;
  private Staging staging;

  @BeforeEach
  void stage() {
    staging = new Staging(copies);
  }

  private LoadedPlugin load(String source) throws Exception {
    Path jar = PluginJar.of("maker", "1.0.0").with(source).writeTo(folder.resolve("maker.jar"));
    Staged staged = staging.copy(jar);
    return LoadedPlugin.load(staged, JarCheck.check(staged, API), API, 1);
  }

  private static List<String> holders(LoadedPlugin plugin) {
    return CodeHolders.of(plugin.classLoader(), List.of());
  }

  @Test
  void whatNothingHoldsIsSeenToBeCollected() throws Exception {
    CodeWatch watch = new CodeWatch(Duration.ZERO, Duration.ofHours(1));
    LoadedPlugin plugin = load(FACTORY);
    plugin.release();
    watch.watch(plugin);

    assertThat(watch.unloaded()).isEqualTo(1);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(watch.look(List.of())).isEmpty();
              assertThat(watch.collected()).isEqualTo(1);
            });
  }

  @Test
  void aThreadThatGoesOnIsNamedUntilItEnds() throws Exception {
    CodeWatch watch = new CodeWatch(Duration.ZERO, Duration.ZERO);
    LoadedPlugin plugin = load(FACTORY.replace("/*constructor*/", POLLER));
    plugin.release();
    watch.watch(plugin);

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(watch.look(List.of()))
                    .singleElement()
                    .satisfies(
                        held -> {
                          assertThat(held.state()).isEqualTo(State.UNCOLLECTED);
                          assertThat(held.id()).isEqualTo("maker");
                          assertThat(held.reason())
                              .startsWith("its code was unloaded and is still in memory: ")
                              .contains("thread 'poller' is in Maker.lambda$new$0");
                        }));
    assertThat(watch.collected()).isZero();

    threadOf("poller").interrupt();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(watch.look(List.of())).isEmpty();
              assertThat(watch.collected()).isEqualTo(1);
            });
  }

  @Test
  void aTimerIsNamed() throws Exception {
    LoadedPlugin plugin =
        load(
            FACTORY
                .replace("/*member*/", TIMER)
                .replace("/*constructor*/", TICK)
                .replace("/*create*/", "timer.cancel();"));

    assertThat(holders(plugin))
        .anyMatch(by -> by.matches("thread 'ticker'.*queue.* is a Maker\\$\\d"));
    plugin.factories().get(0).create(null);
    plugin.release();
  }

  @Test
  void aThreadLocalIsNamed() throws Exception {
    LoadedPlugin plugin =
        load(FACTORY.replace("/*member*/", LOCAL).replace("/*create*/", "LOCAL.set(new Held());"));
    CountDownLatch set = new CountDownLatch(1);
    CountDownLatch mayEnd = new CountDownLatch(1);
    Thread worker =
        new Thread(
            () -> {
              plugin.factories().get(0).create(null);
              set.countDown();
              awaitUninterrupted(mayEnd);
            },
            "worker-of-others");
    worker.start();
    set.await();

    assertThat(holders(plugin))
        .contains("thread 'worker-of-others'.threadLocals.table[].value is a Maker$Held");
    mayEnd.countDown();
    worker.join();
    plugin.release();
  }

  @Test
  void classesOfTheSameNameOfAnotherVersionAreNotTakenForIt() throws Exception {
    LoadedPlugin one = load(FACTORY);
    LoadedPlugin other = load(FACTORY.replace("/*constructor*/", POLLER));

    assertThat(CodeHolders.of(one.classLoader(), List.of(other.classLoader())))
        .noneMatch(by -> by.contains("poller"));
    threadOf("poller").interrupt();
    one.release();
    other.release();
  }

  @Test
  void aClassThatIsMissingSomewhereIsNoHindrance() throws Exception {
    LoadedPlugin one = load(FACTORY);
    PluginJar torn =
        PluginJar.of("torn", "1.0.0")
            .with(
                FACTORY
                    .replace("/*member*/", "private Held held;")
                    .replace("/*constructor*/", POLLER.replace("() -> {", "() -> { name();")))
            .without("Maker$Held.class");
    Staged staged = staging.copy(torn.writeTo(folder.resolve("torn.jar")));
    LoadedPlugin other = LoadedPlugin.load(staged, JarCheck.check(staged, API), API, 1);

    assertThat(CodeHolders.of(one.classLoader(), List.of(other.classLoader())))
        .noneMatch(by -> by.contains("poller"));
    threadOf("poller").interrupt();
    one.release();
    other.release();
  }

  private static Thread threadOf(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name) && thread.isAlive())
        .findAny()
        .orElseThrow();
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
