package io.sluice.interop.harness;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** grpc-go's client and server of gRPC's interoperability suite, built once. */
public final class SuitePeer implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String SAYS = "LISTENING ";

  private final ChildProcess child = start("server");
  private final InetSocketAddress address =
      Peers.address(child.awaitOut(said -> said.startsWith(SAYS), LIMIT));

  private static final class Binary {
    static final Path PATH = GoBuild.of(Places.grpcGo(), "./cmd/testservice", "testservice");
  }

  private static ChildProcess start(String... arguments) {
    List<String> command = new ArrayList<>(List.of(Binary.PATH.toString()));
    command.addAll(List.of(arguments));
    return ChildProcess.start("testservice " + arguments[0], new ProcessBuilder(command));
  }

  /** A server on a free port. */
  public static SuitePeer server() {
    return new SuitePeer();
  }

  public InetSocketAddress address() {
    return address;
  }

  /** The names of the client's cases. */
  public static List<String> cases() {
    try (ChildProcess list = start("list")) {
      list.awaitExit(LIMIT);
      return list.out();
    }
  }

  /**
   * Runs a case of the client.
   *
   * @return why it failed; empty if it did not
   */
  public static String run(InetSocketAddress server, String name) {
    return run(server, name, 10, LIMIT);
  }

  /**
   * Runs a case of the client that makes so many calls, for example {@code rpc_soak}.
   *
   * @return why it failed; empty if it did not
   */
  public static String run(InetSocketAddress server, String name, int calls, Duration limit) {
    try (ChildProcess client =
        start(
            "client",
            "--addr",
            Peers.text(server),
            "--case",
            name,
            "--iterations",
            Integer.toString(calls),
            "--limit",
            limit.toSeconds() + "s")) {
      int status = client.awaitExit(limit.plusSeconds(10));
      return status == 0 ? "" : "status " + status + ": " + String.join("\n", client.err());
    }
  }

  @Override
  public void close() {
    child.close();
  }
}
