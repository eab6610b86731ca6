package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Thousands of connections that once made a call: they cost little, and go when they are idle. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class IdleConnectionsTest {
  /** Both processes have a file open for each, and some hundreds beside. */
  private static final int FILES_BESIDE = 1000;

  private static final int CONNECTIONS = Math.min(Soak.pick(2000, 10_000), mostConnections());
  private static final int ROUNDS = Soak.pick(2, 4);
  private static final int IDLE_MILLIS = Soak.pick(4000, 15_000);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static int mostConnections() {
    UnixOperatingSystemMXBean system =
        (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return (int) Math.min(1 << 20, system.getMaxFileDescriptorCount() - FILES_BESIDE);
  }

  @Test
  void idleConnectionsHarmNobodyAndAreClosed() {
    byte[] call = Wire.framed(Wire.message("Void", 1, Wire.binary(Wire.ascii("x"))));
    byte[] enveloped = Wire.ttheader(0, 1, Wire.service("InteropService"), call);
    byte[] buffered = Wire.message("Void", 1, Wire.binary(Wire.ascii("x")));
    byte[][] kinds = {call, enveloped, buffered};
    String limits =
        String.format(
            ", idleTimeout: %dms, maxConnections: %d", IDLE_MILLIS, CONNECTIONS + FILES_BESIDE);
    Siege.besiege(
        CONNECTIONS + " idle connections",
        limits,
        ROUNDS,
        (siege, swarm, random) -> {
          long begin = siege.gateway.rss();
          for (int i = 0; i < CONNECTIONS; i++) {
            swarm.send("idle", kinds[i % kinds.length]);
            if (i % 100 == 99) {
              // So that they are not more than the listener has room for before it accepts them.
              swarm.run(() -> swarm.all().stream().allMatch(a -> a.received() > 0), PATIENCE);
            }
          }
          assertThat(swarm.all(a -> a.received() == 0)).as("calls without an answer").isEmpty();
          long open = swarm.all(a -> !a.isClosed()).size();
          Soak.say(
              "idle: %d of %d connections open, %d MiB more than before",
              open, CONNECTIONS, (siege.gateway.rss() - begin) >> 20);
          swarm.run(swarm::isAllClosed, PATIENCE);
          assertThat(swarm.all(a -> !a.isClosed())).as("idle connections left").isEmpty();
          assertThat(siege.refusals()).as("refused, and not just closed").isEmpty();
        });
  }
}
