package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.RawConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Instances of a cluster whose addresses come of its calls: {@link #COUNT} come and go. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class TemplateClustersTest {
  private static final int COUNT = Soak.pick(2_000, 10_000);

  /** Each has an event loop of its own in turn. */
  private static final int CALLERS = 8;

  private static final Duration LET_GO = Duration.ofSeconds(60);
  private static final long HEAP_SLACK = 8 << 20;
  private static final int FILES_SLACK = 4;

  /** The pools of workers and of the JVM's compilers fill up as they are needed. */
  private static final int THREADS_SLACK = 24;

  /** What the gateway occupies while no instance is there. */
  private record Held(long heap, int threads, int files) {}

  @Test
  void nothingIsLeftOfThem() {
    try (Peers.Server server = Peers.server("--addr", "0.0.0.0:0");
        GatewayProcess gateway = before(server.address().getPort())) {
      callAll(gateway, 1);
      Held before = held(gateway);
      callAll(gateway, 2);
      Held after = held(gateway);
      Soak.say("%d instances came and went: before %s, after %s", COUNT, before, after);
      assertThat(after.heap).isLessThan(before.heap + HEAP_SLACK);
      assertThat(after.threads).isLessThanOrEqualTo(before.threads + THREADS_SLACK);
      assertThat(after.files).isLessThanOrEqualTo(before.files + FILES_SLACK);
      assertThat(gateway.metric("sluice_calls_total", "status=\"ok\"")).isEqualTo(2 * COUNT);
    }
  }

  private static GatewayProcess before(int port) {
    return GatewayProcess.with(
            """
            listeners:
              rpc: {address: "127.0.0.1:0"}
              admin: {address: "127.0.0.1:0", serves: admin}
            clusters:
              backend:
                endpoints: ["{service}:%d"]
                transport: ttheader-framed
                template: {allow: ["127.*"], keepFor: 1s, maxInstances: 20000}
            routes:
              - cluster: backend
            """
                .formatted(port))
        .start();
  }

  /** One call to each of so many addresses of this machine, which are those of the one server. */
  private static void callAll(GatewayProcess gateway, int round) {
    List<RawConnection> callers = new ArrayList<>();
    try {
      for (int i = 0; i < CALLERS; i++) {
        callers.add(RawConnection.to(gateway.address()));
      }
      for (int i = 0; i < COUNT; i++) {
        String host = "127." + round + '.' + (i >> 8) + '.' + (i & 0xFF);
        Message call =
            Message.call(Framing.TTHEADER_FRAMED, host, "Text", i + 1, Message.text(host));
        assertThat(callers.get(i % CALLERS).exchange(call).resultText()).isEqualTo(host);
      }
    } finally {
      callers.forEach(RawConnection::close);
    }
  }

  private static Held held(GatewayProcess gateway) {
    await("all instances are let go")
        .atMost(LET_GO)
        .until(() -> gateway.metric("sluice_pool_connections", "state=\"open\"") == 0);
    await("all callers are gone")
        .atMost(LET_GO)
        .until(() -> gateway.metric("sluice_connections", "listener=\"rpc\"") == 0);
    gateway.collectGarbage();
    long heap = (long) gateway.metric("jvm_memory_used_bytes", "area=\"heap\"");
    assertThat(heap).isPositive();
    return new Held(heap, gateway.threads(), gateway.openFiles());
  }
}
