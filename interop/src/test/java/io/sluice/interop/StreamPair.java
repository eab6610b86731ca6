package io.sluice.interop;

import io.sluice.interop.harness.GrpcPeer;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.Peers.Outcome;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A column of the matrix of streams: who calls, who serves, and what becomes of the calls between.
 */
enum StreamPair {
  GRPC_THRIFT(Caller.GRPC_THRIFT, Downstream.KITEX, "gRPC", ""),
  GRPC_PROTOBUF(Caller.GRPC_PROTOBUF, Downstream.KITEX, "gRPC", ""),
  TTSTREAM(Caller.TTSTREAM, Downstream.KITEX, "ttstream", ""),
  GO_THRIFT(Caller.GO_THRIFT, Downstream.KITEX, "gRPC", ""),
  GO_PROTOBUF(Caller.GO_PROTOBUF, Downstream.KITEX, "gRPC", ""),
  THRIFT_TO_GO(Caller.GRPC_THRIFT, Downstream.GO, "gRPC", ""),
  PROTOBUF_TO_GO(Caller.GRPC_PROTOBUF, Downstream.GO, "gRPC", ""),
  GO_TO_GO(Caller.GO_BYTES, Downstream.GO_BYTES, "gRPC", ""),
  GO_TO_JAVA(Caller.GO_BYTES, Downstream.JAVA_BYTES, "gRPC", ""),
  JAVA_TO_GO(Caller.JAVA_BYTES, Downstream.GO_BYTES, "gRPC", ""),
  JAVA_TO_JAVA(Caller.JAVA_BYTES, Downstream.JAVA_BYTES, "gRPC", ""),
  GRPC_AS_TTSTREAM(
      Caller.GRPC_THRIFT,
      Downstream.KITEX,
      "ttstream",
      "{unary: ttheader-framed, streaming: ttstream}"),
  GO_AS_TTSTREAM(
      Caller.GO_THRIFT,
      Downstream.KITEX,
      "ttstream",
      "{unary: ttheader-framed, streaming: ttstream}"),
  TTSTREAM_AS_GRPC(Caller.TTSTREAM, Downstream.KITEX, "gRPC", "{unary: grpc, streaming: grpc}"),
  TTSTREAM_TO_GO(Caller.TTSTREAM, Downstream.GO, "gRPC", "{unary: grpc, streaming: grpc}"),
  GRPC_AS_PROTOBUF(
      Caller.GRPC_PROTOBUF, Downstream.KITEX, "Kitex Protobuf", "{unary: ttheader-framed}"),
  GO_AS_PROTOBUF(
      Caller.GO_PROTOBUF, Downstream.KITEX, "Kitex Protobuf", "{unary: ttheader-framed}"),
  PROTOBUF_AS_GRPC(Caller.KITEX_PROTOBUF, Downstream.KITEX, "gRPC", "{unary: grpc}"),
  KITEX_PROTOBUF_TO_GO(Caller.KITEX_PROTOBUF, Downstream.GO, "gRPC", "{unary: grpc}");

  /** Where the calls of a run go. */
  record Addresses(InetSocketAddress lasting, InetSocketAddress dead, InetSocketAddress dying) {}

  /** Who calls, by which of its transports. */
  enum Caller {
    GRPC_THRIFT("Kitex gRPC Thrift", "grpc-thrift"),
    GRPC_PROTOBUF("Kitex gRPC Protobuf", "grpc-pb"),
    TTSTREAM("Kitex ttstream", "ttstream"),
    KITEX_PROTOBUF("Kitex Protobuf", "kitexpb-ttheader-framed"),
    /** Google's client code with the messages of the Kitex peers. */
    GO_THRIFT("grpc-go Thrift", "google-thrift"),
    GO_PROTOBUF("grpc-go Protobuf", "google-pb"),
    /** With messages of no IDL. */
    GO_BYTES("grpc-go", ""),
    JAVA_BYTES("grpc-java", "");

    private final String text;
    private final String transport;

    Caller(String text, String transport) {
      this.text = text;
      this.transport = transport;
    }

    /** What the client saw, by case and kind of call, in lower case. */
    private Map<String, Outcome> run(Addresses at, List<String> options) {
      Map<String, Outcome> outcomes =
          switch (this) {
            case GO_BYTES -> GrpcPeer.GO.client(at.lasting(), at.dead(), at.dying());
            case JAVA_BYTES -> GrpcPeer.JAVA.client(at.lasting(), at.dead(), at.dying());
            default -> Peers.kinds(at.lasting(), at.dead(), at.dying(), transport, options);
          };
      Map<String, Outcome> byName = new TreeMap<>();
      outcomes.forEach((name, outcome) -> byName.put(name.toLowerCase(Locale.ROOT), outcome));
      return byName;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** A server that runs. */
  interface Running extends AutoCloseable {
    InetSocketAddress address();

    @Override
    void close();
  }

  private record Process(InetSocketAddress address, Runnable end) implements Running {
    @Override
    public void close() {
      end.run();
    }
  }

  /** Who serves. */
  enum Downstream {
    /** By all of Kitex's protocols. */
    KITEX("Kitex"),
    /** Google's server code with the handlers and messages of the Kitex peers. */
    GO("grpc-go"),
    GO_BYTES("grpc-go"),
    JAVA_BYTES("grpc-java");

    private final String text;

    Downstream(String text) {
      this.text = text;
    }

    Running start() {
      return switch (this) {
        case KITEX -> of(Peers.server());
        case GO -> of(Peers.server("--google"));
        case GO_BYTES -> of(GrpcPeer.GO.server());
        case JAVA_BYTES -> of(GrpcPeer.JAVA.server());
      };
    }

    private static Running of(Peers.Server server) {
      return new Process(server.address(), server::close);
    }

    private static Running of(GrpcPeer.Server server) {
      return new Process(server.address(), server::close);
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** A direct call, to compare with. */
  record Direct(Caller caller, Downstream downstream) {
    Map<String, Outcome> run(Addresses at) {
      return caller.run(at, List.of());
    }
  }

  private final Caller caller;
  private final Downstream downstream;
  private final String leg;
  private final String transport;

  StreamPair(Caller caller, Downstream downstream, String leg, String transport) {
    this.caller = caller;
    this.downstream = downstream;
    this.leg = leg;
    this.transport = transport;
  }

  Caller caller() {
    return caller;
  }

  Downstream downstream() {
    return downstream;
  }

  /** Whether the gateway turns one protocol into another. */
  boolean translated() {
    return !transport.isEmpty();
  }

  /** Whether only unary calls can be so translated. */
  boolean unaryOnly() {
    return translated() && !transport.contains("streaming");
  }

  /** Whether the server is called by ttstream, and its unary methods by TTHeader. */
  boolean becomesTtstream() {
    return transport.contains("ttstream");
  }

  /** Whether the callers are those of gRPC alone, whose messages are bytes. */
  boolean ofBytes() {
    return caller == Caller.GO_BYTES || caller == Caller.JAVA_BYTES;
  }

  /**
   * The call that a call through the gateway is to look like. Only a Kitex server takes a ping-pong
   * call or a ttstream one.
   */
  Direct direct() {
    boolean spoken = caller != Caller.TTSTREAM && caller != Caller.KITEX_PROTOBUF;
    return new Direct(caller, spoken ? downstream : Downstream.KITEX);
  }

  /**
   * What the client sees through the gateway.
   *
   * @param without cases not to run
   */
  Map<String, Outcome> run(Addresses at, List<String> without) {
    List<String> options = new ArrayList<>(List.of("--without", String.join(",", without)));
    if (unaryOnly()) {
      options.addAll(List.of("--kind", "unary"));
    }
    if (becomesTtstream()) {
      options.addAll(List.of("--unknown-limit", "1500ms"));
    }
    return caller.run(at, options);
  }

  /** The lines of a cluster for it, without the name. */
  String cluster(InetSocketAddress endpoint) {
    return "{endpoints: ['127.0.0.1:%d'], transport: %s%s}"
        .formatted(
            endpoint.getPort(),
            translated() ? transport : "ttheader-framed",
            caller == Caller.KITEX_PROTOBUF ? ", package: interop.pb" : "");
  }

  /** The routes from the listener to the cluster of the same name. */
  String routes(String name) {
    if (!becomesTtstream()) {
      return "  - {match: {listener: %1$s}, cluster: %1$s, mode: %2$s}\n"
          .formatted(name, unaryOnly() ? "unary" : "auto");
    }
    return """
          - {match: {listener: %1$s}, cluster: %1$s, mode: stream}
          - {match: {listener: %1$s, method: Ping}, cluster: %1$s, mode: unary}
          - {match: {listener: %1$s, method: LastCancel}, cluster: %1$s, mode: unary}
        """
        .formatted(name);
  }

  @Override
  public String toString() {
    return caller + " → " + downstream + ' ' + leg;
  }
}
