package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.grpc.client.GrpcClientRequest;
import java.util.List;

/** Gateways for callers that try their patience, and a downstream that has any amount of it. */
final class FloodedGateways implements AutoCloseable {
  private final GrpcPeers peers = new GrpcPeers();
  private final int downstream;

  FloodedGateways() {
    // It is not the downstream's guard that is tried.
    HttpServerOptions patient =
        new HttpServerOptions().setHttp2RstFloodMaxRstFramePerWindow(1_000_000);
    downstream =
        peers.serve(
            patient,
            call -> {
              call.handler(
                  m -> {
                    if (!call.methodName().equals("Silent")) {
                      call.response().write(Buffer.buffer("<" + m + ">"));
                    }
                  });
              call.endHandler(
                  end -> {
                    if (!call.methodName().equals("Silent")) {
                      call.response().end();
                    }
                  });
            });
  }

  TestGateway start(String limits) {
    return start(limits, "");
  }

  /**
   * @param silent of the route of the calls that are not answered
   */
  TestGateway start(String limits, String silent) {
    String route = "match: {method: Silent}" + (silent.isEmpty() ? "" : ", " + silent);
    return TestGateway.start(
        TestGateway.config("framed", route, downstream)
                .replace("'127.0.0.1:0'", "'127.0.0.1:0', limits: {" + limits + "}")
            + "  - {cluster: backend}\n",
        1);
  }

  /** Opens a call that echoes. */
  GrpcClientRequest<Buffer, Buffer> open(TestGateway gateway) {
    return peers.open(gateway.port(), "Echo");
  }

  void assertServed(TestGateway gateway) {
    GrpcClientRequest<Buffer, Buffer> request = open(gateway);
    Future<GrpcPeers.Answer> answer = GrpcPeers.listen(request);
    GrpcPeers.say(request, List.of("hi"));
    assertThat(TestGateway.get(answer).messages()).containsExactly("<hi>");
  }

  /** How often a limit was met. */
  static double met(TestGateway gateway, String limit) {
    return gateway.registry().get("sluice.limits").tag("limit", limit).functionCounter().count();
  }

  /** The number of the stream of the n-th call of a connection, from 0. */
  static int stream(int call) {
    return 2 * call + 1;
  }

  @Override
  public void close() {
    peers.close();
  }
}
