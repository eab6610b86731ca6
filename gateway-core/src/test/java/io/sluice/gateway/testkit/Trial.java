package io.sluice.gateway.testkit;

import io.sluice.api.FilterFactory;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Peer.StreamFrame;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttstream.FrameType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A filter on trial: a gateway that has it before all routes, and downstreams of every protocol,
 * which tell what has come to them.
 */
public final class Trial implements AutoCloseable {
  private final Map<String, String> passed = new TreeMap<>();
  private final Downstream pingPong = Downstream.serving(this::answer);
  private final Downstream streams = Downstream.serving(this::answerFrames);
  private final RawGrpc grpc = new RawGrpc();
  private final TestGateway gateway;
  private volatile String identity = "";

  /**
   * What came of a call.
   *
   * @param status what the caller was told, its code always of what its protocol has
   * @param identity who the caller was behind the filter
   * @param passed plain and prefixed metadata as it got to the downstream, by its keys on the wire
   */
  public record Came(Status status, String identity, Map<String, String> passed) {}

  /**
   * @param filters a list, as in {@code - {use: acl, with: {…}}}, two spaces before each line
   */
  public Trial(String filters, FilterFactory<?>... factories) {
    this(Path.of("test.yaml"), filters, factories);
  }

  /**
   * @param file that the configuration is said to be of; paths in it begin in its folder
   * @param filters as above
   */
  public Trial(Path file, String filters, FilterFactory<?>... factories) {
    int grpcPort =
        grpc.serve(
            got -> {
              got.request().headers().forEach(e -> note(e.getKey(), e.getValue()));
              got.answer(Map.of("grpc-status", "0"), Thrifts.result("hi"));
            });
    Probe behind =
        Probe.of("behind", new Journal())
            .on(
                Probe.Hook.REQUEST,
                (call, none) -> {
                  identity = call.identity();
                  return Step.NEXT;
                });
    List<FilterFactory<?>> all = new ArrayList<>(List.of(factories));
    all.add(behind.factory());
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          pingpong: {endpoints: ['127.0.0.1:%d'], transport: {unary: ttheader, streaming: none}}
          streams: {endpoints: ['127.0.0.1:%d'], transport: {unary: ttheader, streaming: ttstream}}
          grpc: {endpoints: ['127.0.0.1:%d'], transport: {unary: grpc, streaming: grpc}}
        routes:
          - {match: {protocol: grpc}, cluster: grpc}
          - {match: {protocol: ttstream}, cluster: streams}
          - {cluster: pingpong}
        filters:
        %s
          - {use: behind}
        """
            .formatted(pingPong.port(), streams.port(), grpcPort, filters.stripTrailing());
    gateway = TestGateway.start(file, config, 2, all);
  }

  private synchronized void note(String key, String value) {
    passed.put(key, value);
  }

  private synchronized Map<String, String> takePassed() {
    Map<String, String> taken = new TreeMap<>(passed);
    passed.clear();
    return taken;
  }

  private void answer(Peer peer, int connection) {
    for (Message m = peer.read(); m != null; m = peer.read()) {
      m.strings().forEach(this::note);
      peer.send(
          Thrifts.ttheader(
              Protocol.TTHEADER,
              Map.of(),
              Map.of(),
              ThriftHead.REPLY,
              m.method(),
              m.seqId(),
              Thrifts.result("hi")));
    }
  }

  private void answerFrames(Peer peer, int connection) {
    for (StreamFrame f = peer.readFrame(); f != null; f = peer.readFrame()) {
      if (f.type() == FrameType.HEADER) {
        f.strings().forEach(this::note);
      }
      Frames.echo(peer, f);
    }
  }

  public TestGateway gateway() {
    return gateway;
  }

  private Came came(Status status) {
    Came came = new Came(status, identity, takePassed());
    identity = "";
    return came;
  }

  private static Status status(Message reply) {
    return reply.type() == ThriftHead.EXCEPTION ? reply.exception() : Status.OK;
  }

  /** A call by Framed, which carries no metadata. */
  public Came framed(String method) {
    try (Peer caller = gateway.connect()) {
      return came(status(caller.call(method, 1, Thrifts.args("hello"))));
    }
  }

  /**
   * A call by TTHeader.
   *
   * @param strings keys as on the wire
   */
  public Came ttheader(String caller, String service, String method, Map<String, String> strings) {
    try (Peer peer = gateway.connect()) {
      return came(status(ttheader(peer, caller, service, method, strings)));
    }
  }

  /** The same on a connection that is there; tells the reply. */
  public static Message ttheader(
      Peer peer, String caller, String service, String method, Map<String, String> strings) {
    Map<String, String> all = new HashMap<>(strings);
    all.put("isn", service);
    peer.send(
        Thrifts.ttheader(
            Protocol.TTHEADER,
            Map.of(TTHeaderKeys.FROM_SERVICE, caller, TTHeaderKeys.TO_SERVICE, service),
            all,
            ThriftHead.CALL,
            method,
            1,
            Thrifts.args("hello")));
    return peer.read();
  }

  /**
   * A call by gRPC.
   *
   * @param path {@code /package.Service/Method}
   */
  public Came grpc(String path, Map<String, String> headers) {
    RawGrpc.Answer answer = grpc.call(gateway.port(), path, headers, Thrifts.args("hello"));
    return came(Status.grpc(answer.status(), answer.end("grpc-message")));
  }

  /** A stream by ttstream, of {@code Svc/Chat}. */
  public Came ttstream(String... pairs) {
    try (Peer caller = gateway.connect()) {
      caller.send(Splits.glued(Frames.open(1, pairs), Frames.halfClose(1)));
      for (StreamFrame f = caller.readFrame(); f != null; f = caller.readFrame()) {
        if (f.type() == FrameType.TRAILER) {
          return came(f.payload().length == 0 ? Status.OK : Frames.exception(f));
        }
      }
      throw new AssertionError("the stream has no end");
    }
  }

  @Override
  public void close() {
    gateway.close();
    pingPong.close();
    streams.close();
    grpc.close();
  }
}
