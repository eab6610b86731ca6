package io.sluice.interop.harness;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The Kitex peers of {@code interop/kitex}, built once. */
public final class Peers {
  private static final Duration LISTEN = Duration.ofSeconds(30);
  private static final Duration CASES = Duration.ofMinutes(5);
  private static final ObjectMapper JSON = new ObjectMapper();

  private Peers() {}

  private static final class Binary {
    static final Path PATH = GoBuild.of(Places.kitex(), "./cmd/peer", "peer");
  }

  private static ChildProcess start(String name, List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(Binary.PATH.toString(), name));
    command.addAll(arguments);
    return ChildProcess.start("peer " + name, new ProcessBuilder(command));
  }

  static String text(InetSocketAddress address) {
    return address.getAddress().getHostAddress() + ':' + address.getPort();
  }

  /** The address behind {@code LISTENING}. */
  static InetSocketAddress address(String line) {
    int colon = line.lastIndexOf(':');
    return new InetSocketAddress(
        line.substring(line.indexOf(' ') + 1, colon), Integer.parseInt(line.substring(colon + 1)));
  }

  static ObjectNode json(String line) {
    try {
      return (ObjectNode) JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + line, e);
    }
  }

  /** A Kitex server that answers calls. */
  public static final class Server implements AutoCloseable {
    private static final String SAYS = "LISTENING ";
    private final ChildProcess child;
    private final InetSocketAddress address;

    private Server(List<String> options) {
      List<String> arguments = new ArrayList<>(List.of("--exit-on-stdin-close"));
      arguments.addAll(options);
      child = start("server", arguments);
      String line = child.awaitOut(said -> said.startsWith(SAYS), LISTEN);
      address = Peers.address(line);
    }

    public InetSocketAddress address() {
      return address;
    }

    public long pid() {
      return child.pid();
    }

    /** Everything it wrote, for the text of a failure. */
    public String output() {
      return child.output();
    }

    /** A graceful stop. */
    public int stop(Duration limit) {
      child.terminate();
      return child.awaitExit(limit);
    }

    /** SIGKILL. */
    @Override
    public void close() {
      child.close();
    }
  }

  /** Starts a server on a free port. */
  public static Server server(String... options) {
    return new Server(List.of(options));
  }

  /** Starts a server on that port, for example in place of one that has ended. */
  public static Server serverAt(InetSocketAddress address, String... options) {
    List<String> all = new ArrayList<>(List.of("--addr", text(address)));
    all.addAll(List.of(options));
    return new Server(all);
  }

  /**
   * What a client saw in one case.
   *
   * @param line all it printed but what differs between runs: {@code millis} and {@code volatile}
   * @param whole all it printed
   */
  public record Outcome(String name, ObjectNode line, ObjectNode whole) {
    static Outcome of(ObjectNode whole) {
      ObjectNode line = whole.deepCopy();
      line.remove(List.of("millis", "volatile"));
      return new Outcome(whole.path("case").asText(), line, whole);
    }

    /** Whether it was what a Kitex client sees without a gateway. */
    public boolean ok() {
      return line.path("ok").asBoolean();
    }
  }

  /**
   * Runs cases of a client to their end.
   *
   * @param cases all of the transport if there is none
   * @return by name, in the order they ran
   */
  public static Map<String, Outcome> client(
      InetSocketAddress address, String transport, String... cases) {
    List<String> arguments =
        new ArrayList<>(List.of("--addr", text(address), "--transport", transport));
    if (cases.length > 0) {
      arguments.addAll(List.of("--case", String.join(",", cases)));
    }
    return outcomes("client", arguments);
  }

  /**
   * Runs the cases of all kinds of calls of a client to their end.
   *
   * @param lasting a server
   * @param dead where nobody listens
   * @param dying a server that one of the cases kills
   * @param options of {@code peer kinds}
   * @return by name, which ends with the kind, in no order
   */
  public static Map<String, Outcome> kinds(
      InetSocketAddress lasting,
      InetSocketAddress dead,
      InetSocketAddress dying,
      String transport,
      List<String> options) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--addr",
                text(lasting),
                "--dead",
                text(dead),
                "--dying",
                text(dying),
                "--transport",
                transport));
    arguments.addAll(options);
    return outcomes("kinds", arguments);
  }

  /**
   * A call of {@link #tries}.
   *
   * @param call {@code Text} or {@code Void} of ping-pong transports, {@code Unary}, {@code Chat}
   *     or {@code Sum} of the others
   * @param transients metainfo
   * @param headers plain ones of gRPC
   */
  public record Try(
      String name,
      InetSocketAddress address,
      String transport,
      String call,
      Map<String, String> transients,
      Map<String, String> headers) {

    private ObjectNode json() {
      ObjectNode json =
          JSON.createObjectNode()
              .put("name", name)
              .put("addr", text(address))
              .put("transport", transport)
              .put("call", call);
      transients.forEach(json.putObject("transient")::put);
      headers.forEach(json.putObject("headers")::put);
      return json;
    }
  }

  /**
   * Makes calls one after the other, by Kitex's clients and Google's.
   *
   * @return what came of each, by its name
   */
  public static Map<String, Outcome> tries(List<Try> tries) {
    ArrayNode all = JSON.createArrayNode();
    tries.forEach(one -> all.add(one.json()));
    Path file = Places.target().resolve("tries.json");
    try {
      Files.createDirectories(Places.target());
      Files.writeString(file, all.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return outcomes("tries", List.of("--file", file.toString()));
  }

  private static Map<String, Outcome> outcomes(String command, List<String> arguments) {
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    try (ChildProcess client = start(command, arguments)) {
      int status = client.awaitExit(CASES);
      if (status > 1) {
        throw new AssertionError(
            "peer " + command + " ended with " + status + '\n' + client.output());
      }
      for (String printed : client.out()) {
        Outcome outcome = Outcome.of(json(printed));
        outcomes.put(outcome.name(), outcome);
      }
    }
    return outcomes;
  }

  /** Has a client open streams one after the other and cancel each. */
  public static void cancels(InetSocketAddress address, String transport, int count) {
    List<String> arguments =
        List.of(
            "--addr", text(address), "--transport", transport, "--count", Integer.toString(count));
    try (ChildProcess client = start("cancels", arguments)) {
      if (client.awaitExit(CASES) != 0) {
        throw new AssertionError("peer cancels failed\n" + client.output());
      }
    }
  }

  /** A client that makes calls until it is stopped or has made enough. */
  public static final class Load implements AutoCloseable {
    private final ChildProcess child;

    Load(ChildProcess child) {
      this.child = child;
    }

    /** Waits for its first successful call. */
    public void awaitRunning(Duration limit) {
      child.awaitErr(line -> line.equals("RUNNING"), limit);
    }

    public boolean isRunning() {
      return child.isAlive();
    }

    public long pid() {
      return child.pid();
    }

    /** Waits for its end and returns its report, to which the {@code exit} status is added. */
    public JsonNode await(Duration limit) {
      int status = child.awaitExit(limit);
      List<String> lines = child.out();
      if (lines.isEmpty()) {
        throw new AssertionError("peer load ended with " + status + '\n' + child.output());
      }
      return json(lines.get(lines.size() - 1)).put("exit", status);
    }

    /** Stops it with SIGTERM and returns its report. */
    public JsonNode stop(Duration limit) {
      child.terminate();
      return await(limit);
    }

    /** SIGKILL. */
    @Override
    public void close() {
      child.close();
    }
  }

  /** Starts {@code peer load}; its options are in {@code interop/kitex/README.md}. */
  public static Load load(InetSocketAddress address, String transport, String... options) {
    return load(List.of(address), transport, options);
  }

  /** The same with several addresses, of which those that refuse are left out. */
  public static Load load(List<InetSocketAddress> addresses, String transport, String... options) {
    String all = addresses.stream().map(Peers::text).collect(Collectors.joining(","));
    List<String> arguments =
        new ArrayList<>(List.of("--addr", all, "--transport", transport, "--exit-on-stdin-close"));
    arguments.addAll(List.of(options));
    return new Load(start("load", arguments));
  }
}
