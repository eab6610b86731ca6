package io.sluice.testkit;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.netty.channel.EventLoop;
import io.sluice.api.Factory;
import io.sluice.gateway.Snapshots;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.exchange.CallObserver;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.exchange.FilterObserver;
import io.sluice.gateway.filter.FilterLife;
import io.sluice.gateway.filter.FilterStartException;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.observe.FilterMetrics;
import io.sluice.gateway.route.RouteTable;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.internal.ContextInternal;
import java.util.List;

/** The gateway's filter chain and routes, between a caller and a service in memory. */
final class MemoryGateway extends TestGateway {
  private final Vertx vertx;
  private final EventLoop loop;
  private final LoadedConfig config;
  private final Contexts contexts;
  private final FilterLife filters;
  private final Exchanges exchanges;

  private MemoryGateway(
      Vertx vertx,
      EventLoop loop,
      LoadedConfig config,
      Contexts contexts,
      FilterLife filters,
      Exchanges exchanges,
      FakeService service) {
    super(service);
    this.vertx = vertx;
    this.loop = loop;
    this.config = config;
    this.contexts = contexts;
    this.filters = filters;
    this.exchanges = exchanges;
  }

  static MemoryGateway start(String text, List<Factory<?, ?>> factories, FakeService service) {
    LoadedConfig config = load(text, factories);
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Contexts contexts = new Contexts(vertx, registry);
    FilterLife filters = new FilterLife(contexts);
    try {
      contexts.prepare(config.model().redis());
      filters.use(config.allFilters());
      contexts.inForce();
      EventLoop loop = ((ContextInternal) vertx.getOrCreateContext()).nettyEventLoop();
      FilterMetrics told = new FilterMetrics(registry);
      Exchanges exchanges = Waiting.await(exchanges(loop, config, told, service));
      return new MemoryGateway(vertx, loop, config, contexts, filters, exchanges, service);
    } catch (FilterStartException e) {
      contexts.close();
      Waiting.await(vertx.close());
      throw new AssertionError(e.getMessage(), e);
    }
  }

  static LoadedConfig load(String text, List<? extends Factory<?, ?>> factories) {
    try {
      return ConfigLoader.load("test.yaml", text, factories);
    } catch (ConfigException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static Future<Exchanges> exchanges(
      EventLoop loop, LoadedConfig config, FilterMetrics told, FakeService service) {
    RouteTable routes = Snapshots.routeTable(config);
    CallObserver observer =
        new CallObserver() {
          @Override
          public void ended(RpcCall call, CallEnd end) {}

          @Override
          public FilterObserver filters() {
            return told; // what filters do wrong is logged here too
          }
        };
    return Future.future(
        promise ->
            loop.execute(
                () ->
                    promise.complete(
                        new Exchanges(
                            Loop.of(loop),
                            () -> routes,
                            (call, route, cluster, response) ->
                                service.handler(loop).begin(call, response),
                            observer))));
  }

  @Override
  CallerSide begin(Request request, List<byte[]> messages, boolean whole) {
    CallerSide side = new CallerSide(loop, request.call(), false);
    side.begin(exchanges::begin, messages, whole);
    return side;
  }

  @Override
  public int port() {
    throw new IllegalStateException("in memory there is no port");
  }

  @Override
  public void close() {
    filters.release(config.allFilters());
    contexts.close();
    service().close();
    Waiting.await(vertx.close());
  }
}
