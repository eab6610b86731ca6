package io.sluice.gateway.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Factory;
import io.sluice.gateway.cli.Plugins;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.RedisServer;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plugin that uses all that it is lent, and takes nothing back, can be unloaded. */
class UnloadTest {
  private static final String GREEDY =
      """
      import io.sluice.api.*;
      import io.vertx.core.Future;
      import java.time.Duration;
      import org.pf4j.Extension;

      @Extension
      public class Greedy implements FilterFactory<Greedy.Settings> {
        public record Settings() {}
        record Value(String text) {}
        static final ThreadLocal<Value> LEFT_BEHIND = new ThreadLocal<>();

        @Override public String name() { return "greedy"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Taking(); }

        static final class Taking implements Filter {
          FilterContext context;
          Cache<String, Value> cache;

          @Override public void start(FilterContext lent) {
            context = lent;
            cache = lent.cache(10, Duration.ofHours(1));
            lent.gauge("greedy_size", "How much it has.", () -> cache.size());
            lent.every(Duration.ofMillis(10), () -> LEFT_BEHIND.set(new Value("a thread")));
            lent.every(Duration.ofHours(1), () -> cache.size());
            lent.after(Duration.ofHours(1), () -> cache.size());
          }

          @Override public Step onRequest(Call call) {
            cache.get(call.method(), Value::new);
            context.timing("greedy_taking", "How long it takes.").took(1);
            Future<Object> redis = context.redis().get().send("INCR", "taken");
            Future<Step> http =
                context.http().request(io.vertx.core.http.HttpMethod.GET, 1, "127.0.0.1", "/")
                    .map(request -> Step.NEXT).otherwise(Step.NEXT);
            Future<Step> work = context.blocking(() -> {
              LEFT_BEHIND.set(new Value("another"));
              return Step.NEXT;
            });
            context.blocking(() -> {
              Thread.sleep(3_600_000);
              return new Value("late");
            });
            return Step.await(redis.compose(n -> http).compose(next -> work));
          }
        }
      }
      """;

  @TempDir private Path folder;

  @Test
  void nothingThatWasLentKeepsItsCode() throws Exception {
    Path jar = PluginJar.of("greedy", "1.0.0").with(GREEDY).writeTo(folder.resolve("greedy.jar"));
    try (RedisServer redis = RedisServer.start();
        Downstream downstream = Downstream.echoing();
        Plugins plugins = Plugins.of(folder, Set.of())) {
      String text =
          TestGateway.config("framed", "", downstream.port())
              + "redis: {endpoints: ['127.0.0.1:"
              + redis.port()
              + "'], commandTimeout: 20s}\n";
      try (TestGateway gateway =
          TestGateway.start(text + "filters: [{use: greedy}]\n", 2, plugins.factories())) {
        WeakReference<ClassLoader> code = codeOf(plugins.factories());
        for (int i = 0; i < 4; i++) {
          try (Peer caller = gateway.connect()) {
            caller.call("echo", i, Thrifts.args("hi"));
          }
        }
        assertThat(gateway.registry().scrape()).contains("sluice_greedy_size 1.0");

        gateway.reload(text, List.of());
        await()
            .untilAsserted(
                () -> assertThat(gateway.registry().scrape()).doesNotContain("sluice_greedy"));
        Files.delete(jar);
        plugins.host().update(none -> {});
        assertThat(plugins.host().plugins()).isEmpty();
        await()
            .untilAsserted(
                () -> {
                  System.gc();
                  assertThat(code.get()).isNull();
                });
      }
    }
  }

  private static WeakReference<ClassLoader> codeOf(List<Factory<?, ?>> factories) {
    return new WeakReference<>(factories.get(0).getClass().getClassLoader());
  }
}
