package io.sluice.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.sluice.api.Codec;
import io.sluice.api.Filter;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.MatchConfig;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.route.Entrances;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteChains;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a chain of filters costs that answer at once, each with a request and a response hook, and
 * each loaded from a jar of its own.
 *
 * <p>The runner cannot be had without its exchange, so each operation is a whole call from {@link
 * Exchanges#begin} to its end, with a downstream that answers at once and no I/O. The price of the
 * chain is the difference between {@code filters=5} and {@code filters=0}, in time and in bytes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 50, time = 100, timeUnit = TimeUnit.MILLISECONDS)
@Fork(2)
public class ChainBenchmark {

  /** How many of the five are in the chain. */
  @Param({"0", "5"})
  public int filters;

  private Exchanges exchanges;
  private Peer peer;

  /** Makes the chain, on a loop that is whatever thread asks it. */
  @Setup
  public void setUp() throws IOException {
    List<NamedFilter> chain = new ArrayList<>();
    for (Filter filter : PluginFilters.five().subList(0, filters)) {
      chain.add(new NamedFilter("f" + chain.size(), filter));
    }
    FilterChain global = FilterChain.of(chain);
    Route route = Route.to(Clusters.any(), "r", 0, RouteChains.NO_MORE);
    RouteTable routes =
        new RouteTable(Entrances.all(global), List.of(new Rule(MatchConfig.ALL, route)));
    peer = new Peer(new InetSocketAddress("127.0.0.1", 1));
    exchanges =
        new Exchanges(
            Loop.of(new EmbeddedChannel().eventLoop()),
            () -> routes,
            (call, to, cluster, response) -> {
              response.responseHead();
              response.responseEnd(CallEnd.of(call, Status.OK));
              return Silence.INSTANCE;
            },
            (call, end) -> {});
  }

  /** One call through the chain and back. */
  @Benchmark
  public RequestSink call() {
    RpcCall call =
        new RpcCall(
            Protocol.TTHEADER,
            Codec.THRIFT,
            "rpc",
            peer,
            "",
            "EchoService",
            "Echo",
            new Headers(Headers.Dialect.TTHEADER));
    return exchanges.begin(call, Nobody.INSTANCE);
  }

  /** A downstream that has said all. */
  private enum Silence implements RequestSink {
    INSTANCE;

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
  private enum Nobody implements ResponseSink {
    INSTANCE;

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
