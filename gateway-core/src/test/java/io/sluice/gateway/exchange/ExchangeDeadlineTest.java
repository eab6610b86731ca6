package io.sluice.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Filter;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.MatchConfig;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import io.vertx.core.Promise;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which calls have a timer running once they are on their way. */
class ExchangeDeadlineTest {
  private static final String CONFIG =
      """
      listeners: {rpc: {address: '127.0.0.1:0'}}
      clusters: {c: {endpoints: ['127.0.0.1:1'], transport: framed}}
      """;

  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final EventLoop loop = group.next();

  @AfterEach
  void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  /** A stream has only the deadline that its caller or route gives it. */
  @ParameterizedTest
  @CsvSource({
    "GRPC, 0, NOWHERE, false",
    "GRPC, 0, BEFORE_ROUTING, false",
    "GRPC, 0, OF_ROUTE, false",
    "TTSTREAM, 0, OF_ROUTE, false",
    "GRPC, 5000, NOWHERE, true",
    "GRPC, 5000, OF_ROUTE, true",
    "FRAMED, 0, NOWHERE, true",
    "FRAMED, 0, BEFORE_ROUTING, true",
    "FRAMED, 0, OF_ROUTE, true",
  })
  void runsOnlyIfTheCallHasADeadline(
      Protocol protocol, long timeoutMillis, Place waits, boolean expected) throws Exception {
    Promise<Step> answer = Promise.promise();
    Filter waiting =
        new Filter() {
          @Override
          public Step onRequest(Call call) {
            return Step.await(answer.future());
          }
        };
    List<NamedFilter> filters = List.of(new NamedFilter("waiting", waiting));
    FilterChain global = FilterChain.of(waits == Place.BEFORE_ROUTING ? filters : List.of());
    FilterChain all = global.followedBy(waits == Place.OF_ROUTE ? filters : List.of());
    Cluster cluster =
        new Cluster(
            "c", ConfigLoader.load("g.yaml", CONFIG, List.of()).model().clusters().get("c"));
    RouteTable routes =
        new RouteTable(
            Entrances.all(global),
            List.of(
                new Rule(
                    MatchConfig.ALL,
                    Route.to(
                        cluster,
                        "r",
                        TimeUnit.MILLISECONDS.toNanos(timeoutMillis),
                        RouteChains.always(all)))));

    Exchange exchange =
        onLoop(
            () -> {
              Exchanges env =
                  new Exchanges(
                      Loop.of(loop),
                      () -> routes,
                      (c, route, to, response) -> new Nowhere(),
                      (c, e) -> {});
              RpcCall call =
                  new RpcCall(
                      protocol,
                      Codec.THRIFT,
                      "rpc",
                      new Peer(new InetSocketAddress(1)),
                      "",
                      "S",
                      "m",
                      new Headers(Headers.Dialect.HTTP2));
              Exchange begun = new Exchange(env, call, new Nobody(), new TableCalls(routes));
              begun.begin();
              return begun;
            });
    answer.complete(Step.NEXT);
    assertThat(onLoop(exchange::isSet)).isEqualTo(expected);
    onLoop(
        () -> {
          exchange.requestCancel(Status.cancelled("the test is over"));
          return assertThat(exchange.isSet()).isFalse();
        });
  }

  /** Where a filter is that lets the call wait for a moment. */
  enum Place {
    NOWHERE,
    BEFORE_ROUTING,
    OF_ROUTE
  }

  private <T> T onLoop(Callable<T> work) throws Exception {
    return loop.submit(work).get(10, TimeUnit.SECONDS);
  }

  /** A downstream that never says anything. */
  private static final class Nowhere implements RequestSink {
    @Override
    public void requestData(ByteBuf part, boolean endOfMessage) {
      part.release();
    }

    @Override
    public void requestEnd() {}

    @Override
    public void requestCancel(Status why) {}

    @Override
    public void responseTaken(int bytes) {}
  }

  /** A caller that does not listen. */
  private static final class Nobody implements ResponseSink {
    @Override
    public void responseHead() {}

    @Override
    public void responseData(ByteBuf part, boolean endOfMessage) {
      part.release();
    }

    @Override
    public void responseEnd(CallEnd end) {}

    @Override
    public void requestTaken(int bytes) {}
  }
}
