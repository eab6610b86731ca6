package io.sluice.gateway.context;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Redis;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.RedisServer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Redis that a filter is lent, against a real one. */
class RedisTest {
  private final Borrower filter = Borrower.of("one");
  private Downstream downstream;

  @BeforeEach
  void start() {
    downstream = Downstream.echoing();
  }

  @AfterEach
  void stop() {
    downstream.close();
  }

  private String config(String redis) {
    return TestGateway.config("framed", "", downstream.port())
        + "filters: [{use: one}]\n"
        + (redis.isEmpty() ? "" : "redis: {" + redis + "}\n");
  }

  private static String at(RedisServer server) {
    return at(server.port());
  }

  private static String at(int port) {
    return "endpoints: ['127.0.0.1:" + port + "'], commandTimeout: 20s, connectTimeout: 20s";
  }

  private TestGateway run(String redis) {
    return TestGateway.start(config(redis), 2, List.of(filter.factory()));
  }

  private Redis redis() {
    return filter.context().redis().orElseThrow();
  }

  private boolean answers() {
    return failure(redis().send("PING")) == null;
  }

  private static Object get(Future<Object> answer) {
    return TestGateway.get(answer);
  }

  private static Throwable failure(Future<Object> answer) {
    return catchThrowable(
        () -> {
          try {
            answer.toCompletionStage().toCompletableFuture().get();
          } catch (ExecutionException e) {
            throw e.getCause();
          }
        });
  }

  @Test
  void answersAreTextsNumbersListsAndNothing() {
    try (RedisServer server = RedisServer.start();
        TestGateway gateway = run(at(server))) {
      assertThat(gateway.port()).isPositive();
      assertThat(get(redis().send("SET", "greeting", "grüß Gott"))).isEqualTo("OK");
      assertThat(get(redis().send("get", "greeting"))).isEqualTo("grüß Gott");
      assertThat(get(redis().send("GET", "nothing"))).isNull();
      assertThat(get(redis().send("INCRBY", "n", "41"))).isEqualTo(41L);
      assertThat(
              get(
                  redis()
                      .send(
                          "EVAL",
                          "return {1, {'two', false}, redis.call('incr', KEYS[1])}",
                          "1",
                          "n")))
          .asInstanceOf(InstanceOfAssertFactories.LIST)
          .satisfies(
              list -> {
                assertThat(list.get(0)).isEqualTo(1L);
                assertThat(list.get(1)).isEqualTo(Arrays.asList("two", null));
                assertThat(list.get(2)).isEqualTo(42L);
              });
      assertThat(failure(redis().send("EVALSHA", "0".repeat(40), "0")))
          .isInstanceOf(Redis.ErrorReply.class)
          .hasMessageStartingWith("NOSCRIPT");
      assertThatThrownBy(() -> redis().send("select", "1"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("SELECT is not for connections that are shared");
      assertThat(get(redis().send("xread", "STREAMS", "none", "0"))).isNull();
      assertThatThrownBy(() -> redis().send("xread", "block", "0", "STREAMS", "none", "0"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("XREAD with BLOCK is not for connections that are shared");
    }
  }

  @Test
  void anAnswerToNoLoopComesOnTheFiltersOwnThreads() {
    List<String> threads = new CopyOnWriteArrayList<>();
    try (RedisServer server = RedisServer.start();
        TestGateway gateway =
            run("endpoints: ['127.0.0.1:" + server.port() + "'], commandTimeout: 3s")) {
      assertThat(gateway.port()).isPositive();
      await().until(this::answers);
      for (boolean answers : new boolean[] {true, false}) {
        server.freeze(); // so that nothing is answered before anybody listens
        redis().send("PING").onComplete(x -> threads.add(Thread.currentThread().getName()));
        if (answers) {
          server.thaw();
        }
        int expected = answers ? 1 : 2;
        await().until(() -> threads.size() == expected);
      }
    }
    assertThat(threads).allMatch(thread -> thread.startsWith("filter-one-"));
  }

  @Test
  void anAnswerComesBackToTheCallsOwnLoop() {
    List<Boolean> same = new CopyOnWriteArrayList<>();
    filter.onRequest(
        call -> {
          Thread loop = Thread.currentThread();
          return Step.await(
              redis()
                  .send("INCR", "calls")
                  .map(
                      n -> {
                        same.add(Thread.currentThread() == loop);
                        return Step.reject(Status.forbidden("call " + n));
                      }));
        });
    try (RedisServer server = RedisServer.start();
        TestGateway gateway = run(at(server));
        Peer one = gateway.connect();
        Peer two = gateway.connect()) {
      for (int i = 1; i <= 10; i++) {
        Peer caller = i % 2 == 0 ? one : two;
        caller.send(Thrifts.call("echo", i, "hi"));
        assertThat(caller.read().exception().text()).contains("call " + i);
      }
    }
    assertThat(same).hasSize(10).containsOnly(true);
  }

  @Test
  void aUserHasAPasswordAndADatabase() {
    try (RedisServer server =
            RedisServer.start(
                "--user", "sluice", "on", ">hunter2", "~*", "+@all", "--user", "default", "off");
        TestGateway gateway = run(at(server) + ", user: sluice, password: hunter2, database: 3")) {
      assertThat(get(redis().send("SET", "k", "v"))).isEqualTo("OK");
      assertThat((String) get(redis().send("INFO", "keyspace"))).contains("db3:keys=1");

      gateway.reload(
          config(at(server) + ", user: sluice, password: wrong"), List.of(filter.factory()));
      assertThat(failure(redis().send("GET", "k")))
          .hasMessageContaining("WRONGPASS")
          .hasMessageNotContaining("hunter2");
    }
  }

  @Test
  void ofAClusterTheNodeIsAskedThatHasTheKey(@TempDir Path folder) throws Exception {
    try (RedisServer server =
        RedisServer.start("--cluster-enabled", "yes", "--dir", folder.toString())) {
      // A cluster of one node, which then has all the slots.
      String port = String.valueOf(server.port());
      Process told =
          new ProcessBuilder("redis-cli", "-p", port, "cluster", "addslotsrange", "0", "16383")
              .redirectErrorStream(true)
              .start();
      assertThat(new String(told.getInputStream().readAllBytes(), UTF_8)).startsWith("OK");
      try (TestGateway gateway = run(at(server) + ", cluster: true")) {
        assertThat(gateway.port()).isPositive();
        await().until(() -> failure(redis().send("SET", "one", "1")) == null);
        assertThat(get(redis().send("GET", "one"))).isEqualTo("1");
        assertThat(get(redis().send("EVAL", "return redis.call('incr', KEYS[1])", "1", "two")))
            .isEqualTo(1L);
      }
    }
  }

  @Test
  void withoutOneInTheConfigurationThereIsNone() {
    try (TestGateway gateway = run("")) {
      assertThat(gateway.port()).isPositive();
      assertThat(filter.context().redis()).isEmpty();
    }
  }

  @Test
  void oneThatIsNotThereFailsAndIsUsedWhenItIs() {
    int port = RedisServer.freePort();
    try (TestGateway gateway = run(at(port))) {
      for (int i = 0; i < 1000; i++) {
        assertThat(failure(redis().send("GET", "k")))
            .isInstanceOf(IOException.class)
            .hasMessageStartingWith("Redis at 127.0.0.1:" + port + " cannot be reached: ");
      }
      assertThat(gateway.port()).isPositive();
      try (RedisServer server = RedisServer.start(port)) {
        assertThat(server.port()).isEqualTo(port);
        await().until(this::answers);
      }
      await()
          .untilAsserted(
              () -> assertThat(failure(redis().send("PING"))).isInstanceOf(IOException.class));
    }
  }

  @Test
  void oneThatHangsFailsInTimeAndHoldsABoundedNumberOfCommands() {
    try (RedisServer server = RedisServer.start();
        TestGateway gateway =
            run(
                "endpoints: ['127.0.0.1:"
                    + server.port()
                    + "'], commandTimeout: 500ms, maxConnections: 2, maxWaiting: 10")) {
      assertThat(gateway.port()).isPositive();
      await().until(this::answers);
      server.freeze();
      List<Future<Object>> all = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        all.add(redis().send("PING"));
      }
      assertThat(all)
          .extracting(RedisTest::failure)
          .allSatisfy(failure -> assertThat(failure).isInstanceOf(IOException.class))
          .extracting(Throwable::getMessage)
          .anySatisfy(m -> assertThat(m).endsWith("has not answered within 500 ms"))
          .anySatisfy(m -> assertThat(m).endsWith("has 10 commands waiting (maxWaiting)"));

      server.thaw();
      await().until(this::answers);
    }
  }

  @Test
  void aFilterThatGoesOnGoesOverToAnotherRedis() {
    try (RedisServer first = RedisServer.start();
        RedisServer second = RedisServer.start();
        TestGateway gateway = run(at(first))) {
      Redis redis = redis();
      assertThat(get(redis.send("SET", "where", "first"))).isEqualTo("OK");

      gateway.reload(config(at(second)), List.of(filter.factory()));
      assertThat(get(redis.send("GET", "where"))).isNull();

      gateway.reload(config(""), List.of(filter.factory()));
      assertThat(failure(redis.send("GET", "where")))
          .hasMessage("there is no Redis any more for filter 'one'");
      assertThat(filter.context().redis()).isEmpty();
    }
  }
}
