package io.sluice.interop.harness;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The Volo peer of {@code interop/volo}, built once if there is cargo. */
public final class VoloPeer implements AutoCloseable {
  private static final Duration BUILD = Duration.ofMinutes(9);
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String SAYS = "LISTENING ";
  private final ChildProcess child;
  private final InetSocketAddress address;

  private VoloPeer() {
    child = ChildProcess.start("volo server", new ProcessBuilder(Binary.PATH, "server"));
    address = Peers.address(child.awaitOut(said -> said.startsWith(SAYS), LIMIT));
  }

  private static final class Binary {
    static final String PATH = build();

    private static String build() {
      Path target = Places.target().resolve("volo");
      ProcessBuilder cargo =
          new ProcessBuilder(
                  Places.cargo().orElseThrow().toString(), "build", "--locked", "--quiet")
              .directory(Places.module().resolve("volo").toFile());
      cargo.environment().put("CARGO_TARGET_DIR", target.toString());
      try (ChildProcess build = ChildProcess.start("cargo build", cargo)) {
        if (build.awaitExit(BUILD) != 0) {
          throw new IllegalStateException("cannot build the Volo peer\n" + build.output());
        }
      }
      return target.resolve("debug/volo-peer").toString();
    }
  }

  /** Whether it can be built on this machine. */
  public static boolean isThere() {
    return Places.cargo().isPresent();
  }

  /** A server that takes every framing. */
  public static VoloPeer server() {
    return new VoloPeer();
  }

  public InetSocketAddress address() {
    return address;
  }

  /**
   * Runs all cases of a client.
   *
   * @param codec framed, buffered or ttheader-framed
   * @return its lines: {@code ok NAME} or {@code FAILED NAME: why}
   */
  public static List<String> client(InetSocketAddress address, String codec) {
    ProcessBuilder command = new ProcessBuilder(Binary.PATH, "client", Peers.text(address), codec);
    try (ChildProcess client = ChildProcess.start("volo client", command)) {
      client.awaitExit(LIMIT);
      return client.out();
    }
  }

  @Override
  public void close() {
    child.close();
  }
}
