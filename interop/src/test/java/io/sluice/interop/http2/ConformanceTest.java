package io.sluice.interop.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.H2spec;
import io.sluice.interop.harness.H2spec.Verdict;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** h2spec against the port and, in the same minute, against Netty's codec as it comes. */
final class ConformanceTest {
  /**
   * Seconds that a case waits for what is to come. A slow machine may need the second; a case that
   * ends well with either of them is well.
   */
  private static final int[] SECONDS = {1, 5};

  @Test
  void failsNoCaseThatBareCodecPasses() {
    String config = GatewayProcess.configuration("framed", new InetSocketAddress("127.0.0.1", 1));
    try (BareServer server = new BareServer();
        GatewayProcess gateway = GatewayProcess.with(config).start()) {
      Set<String> onlyOurs = onlyOurs(gateway.address(), server.address(), SECONDS[0]);
      for (int i = 1; i < SECONDS.length && !onlyOurs.isEmpty(); i++) {
        onlyOurs.retainAll(onlyOurs(gateway.address(), server.address(), SECONDS[i]));
      }
      assertThat(onlyOurs).isEmpty();
    }
  }

  /** The cases that the gateway fails and the other does not. */
  private static Set<String> onlyOurs(
      InetSocketAddress gateway, InetSocketAddress bare, int seconds) {
    CompletableFuture<Map<String, Verdict>> meanwhile =
        CompletableFuture.supplyAsync(() -> H2spec.run(bare, seconds));
    Map<String, Verdict> ours = H2spec.run(gateway, seconds);
    Map<String, Verdict> theirs = meanwhile.join();
    assertThat(ours.keySet()).hasSizeGreaterThan(100).isEqualTo(theirs.keySet());

    Set<String> onlyOurs = failed(ours);
    onlyOurs.removeAll(failed(theirs));
    System.out.printf(
        "%nh2spec: %d cases, of which the port fails %d, and a bare Http2FrameCodec %d:%n",
        ours.size(), failed(ours).size(), failed(theirs).size());
    Set<String> failedByAny = failed(ours);
    failedByAny.addAll(failed(theirs));
    failedByAny.forEach(
        name -> System.out.printf("  %-8s %-8s %s%n", ours.get(name), theirs.get(name), name));
    return onlyOurs;
  }

  private static Set<String> failed(Map<String, Verdict> verdicts) {
    Set<String> failed = new TreeSet<>();
    verdicts.forEach(
        (name, verdict) -> {
          if (verdict == Verdict.FAILED) {
            failed.add(name);
          }
        });
    return failed;
  }
}
