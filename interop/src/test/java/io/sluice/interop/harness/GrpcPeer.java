package io.sluice.interop.harness;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.Peers.Load;
import io.sluice.interop.harness.Peers.Outcome;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The implementations of gRPC beside Kitex's: each a server and a client with the same cases. */
public enum GrpcPeer {
  GO("grpc-go") {
    @Override
    List<String> command(List<String> arguments) {
      List<String> command = new ArrayList<>(List.of(GoBinary.PATH.toString()));
      command.addAll(arguments);
      return command;
    }
  },
  JAVA("grpc-java") {
    @Override
    List<String> command(List<String> arguments) {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  // Short lives: no time is lost with the better compiler.
                  "-XX:TieredStopAtLevel=1",
                  "-XX:+UseSerialGC",
                  "-Xmx256m",
                  "-cp",
                  System.getProperty("java.class.path"),
                  "io.sluice.interop.grpc.RawPeer"));
      command.addAll(arguments);
      return command;
    }
  };

  private static final Duration LISTEN = Duration.ofSeconds(60);
  private static final Duration CASES = Duration.ofMinutes(5);
  private static final String SAYS = "LISTENING ";

  private final String text;

  GrpcPeer(String text) {
    this.text = text;
  }

  private static final class GoBinary {
    static final Path PATH = GoBuild.of(Places.grpcGo(), "./cmd/peer", "grpc-peer");
  }

  abstract List<String> command(List<String> arguments);

  /** A server on a free port. */
  public static final class Server implements AutoCloseable {
    private final ChildProcess child;
    private final InetSocketAddress address;

    private Server(ChildProcess child) {
      this.child = child;
      this.address = Peers.address(child.awaitOut(said -> said.startsWith(SAYS), LISTEN));
    }

    public InetSocketAddress address() {
      return address;
    }

    /** SIGKILL. */
    @Override
    public void close() {
      child.close();
    }
  }

  public Server server() {
    return start(List.of("server"));
  }

  /** One of grpc-go on that port, for example in place of one that has ended. */
  public static Server serverAt(InetSocketAddress address) {
    return GO.start(List.of("server", "--addr", Peers.text(address)));
  }

  private Server start(List<String> arguments) {
    ProcessBuilder builder = new ProcessBuilder(command(arguments));
    return new Server(ChildProcess.start(this + " server", builder));
  }

  /**
   * A client of grpc-go that makes calls on one connection until it is stopped, whatever errors
   * there are.
   */
  public static Load load(InetSocketAddress address, String... options) {
    List<String> arguments = new ArrayList<>(List.of("load", "--addr", Peers.text(address)));
    arguments.addAll(List.of(options));
    return new Load(ChildProcess.start("grpc-go load", new ProcessBuilder(GO.command(arguments))));
  }

  /**
   * Runs a client with all its cases.
   *
   * @param lasting a server
   * @param dead where nobody listens
   * @param dying a server that one of the cases kills
   * @return by their names, which end with the kind of call, in the order they are to be shown
   */
  public Map<String, Outcome> client(
      InetSocketAddress lasting, InetSocketAddress dead, InetSocketAddress dying) {
    List<String> arguments =
        List.of(
            "client",
            "--addr",
            Peers.text(lasting),
            "--dead",
            Peers.text(dead),
            "--dying",
            Peers.text(dying));
    ProcessBuilder builder = new ProcessBuilder(command(arguments));
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    try (ChildProcess client = ChildProcess.start(this + " client", builder)) {
      int status = client.awaitExit(CASES);
      if (status > 1) {
        throw new AssertionError(this + " ended with " + status + '\n' + client.output());
      }
      for (String printed : client.out()) {
        Outcome outcome = Outcome.of(Peers.json(printed));
        outcomes.put(outcome.name(), outcome);
      }
    }
    return outcomes;
  }

  /**
   * What the client code of grpc-go makes of a server's health and reflection.
   *
   * @param stay how long it watches the server as a whole, at most a few minutes
   * @param names to ask for
   */
  public static JsonNode probe(InetSocketAddress address, Duration stay, String... names) {
    List<String> arguments =
        List.of(
            "probe",
            "--addr",
            Peers.text(address),
            "--stay",
            stay.toMillis() + "ms",
            "--names",
            String.join(",", names));
    try (ChildProcess probe =
        ChildProcess.start("probe", new ProcessBuilder(GO.command(arguments)))) {
      if (probe.awaitExit(CASES) != 0) {
        throw new AssertionError("the probe failed\n" + probe.output());
      }
      return Peers.json(probe.out().get(0));
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
