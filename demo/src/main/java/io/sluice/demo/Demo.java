package io.sluice.demo;

import io.sluice.demo.CallCounters.Way;
import io.sluice.demo.Caller.Reply;
import io.sluice.gateway.Gateway;
import io.sluice.gateway.cli.Host;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.filter.NamedFilter;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The embedded services, the gateway in front of them, and the calls through it. */
final class Demo implements AutoCloseable {
  private static final int START_SECONDS = 30;
  private static final int STOP_SECONDS = 10;

  /** Runs the services and the callers; the gateway has its own. */
  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));

  private final List<EmbeddedService> services = new ArrayList<>();
  private @Nullable Host host;
  private @Nullable Gateway gateway;

  /**
   * What came of a call.
   *
   * @param way as the gateway counted it; null if it counted none
   * @param filters those of the way, in order
   * @param reply null if there was none
   * @param fault null if all is as it should be
   */
  record Outcome(
      DemoCall call,
      @Nullable Way way,
      String filters,
      @Nullable Reply reply,
      @Nullable String fault,
      long micros) {}

  private Demo() {}

  /**
   * Starts everything. The gateway follows the file and the folder.
   *
   * @param plugins the folder of their jars, null for none
   * @throws io.sluice.gateway.config.ConfigException if the configuration has faults
   */
  static Demo start(DemoConfig file, @Nullable Path plugins) throws CannotStart {
    Demo demo = new Demo();
    boolean started = false;
    try {
      file.requireFreePorts();
      demo.startGateway(file, plugins);
      demo.startServices();
      started = true;
      return demo;
    } catch (CannotStart | ConfigException e) {
      throw e;
    } catch (Exception e) {
      throw new CannotStart("cannot start: " + e.getMessage());
    } finally {
      if (!started) {
        demo.close();
      }
    }
  }

  private void startServices() throws Exception {
    services.add(new ThriftService(portOfCluster("orders")));
    services.add(new KitexService(vertx, portOfCluster("users")));
    services.add(new KitexService(vertx, portOfCluster("chat")));
    services.add(new GrpcService(vertx, portOfCluster("cart")));
  }

  private void startGateway(DemoConfig file, @Nullable Path plugins) throws Exception {
    host = new Host(Host.defaultLoops());
    gateway =
        host.start(file.source(host.vertx()), plugins, null).await(START_SECONDS, TimeUnit.SECONDS);
  }

  private int portOfCluster(String name) throws CannotStart {
    ClusterConfig cluster = gateway.config().model().clusters().get(name);
    if (cluster == null) {
      throw new CannotStart("the configuration has no cluster '" + name + "', the demo needs it");
    }
    return cluster.endpoints().get(0).address().port();
  }

  /** The port that serves this. */
  int port(ListenerConfig.Serves what) throws CannotStart {
    for (Map.Entry<String, ListenerConfig> listener :
        gateway.config().model().listeners().entrySet()) {
      if (listener.getValue().serves() == what) {
        return gateway.port(listener.getKey());
      }
    }
    throw new CannotStart("the configuration has no listener that serves " + what);
  }

  /** Counts the configurations that have run, those included that another plugin has made. */
  int number() {
    return gateway.number();
  }

  /** Makes all calls, one after another. */
  List<Outcome> run() throws Exception {
    CallCounters counters = new CallCounters(port(ListenerConfig.Serves.ADMIN));
    List<Outcome> outcomes = new ArrayList<>();
    for (DemoCall call : DemoCalls.all(vertx, port(ListenerConfig.Serves.RPC))) {
      outcomes.add(run(call, counters));
    }
    return outcomes;
  }

  private Outcome run(DemoCall call, CallCounters counters) throws Exception {
    Map<Way, Double> before = counters.read();
    Reply reply = null;
    String fault;
    long nanos = 0;
    try (Caller caller = call.connect().connect()) {
      caller.call(call.messages()); // makes the connections, so that the next shows the gateway
      long start = System.nanoTime();
      reply = caller.call(call.messages());
      nanos = System.nanoTime() - start;
      fault = call.fault(reply).orElse(null);
    } catch (Exception e) {
      fault = String.valueOf(e.getMessage());
    }
    Optional<Way> way = counters.wayOf(reply == null ? 1 : 2, before);
    String filters = way.map(this::filters).orElse("-");
    return new Outcome(
        call, way.orElse(null), filters, reply, fault, TimeUnit.NANOSECONDS.toMicros(nanos));
  }

  /**
   * The names of the filters in the configuration that is loaded: {@code global > of the route}.
   */
  private String filters(Way way) {
    List<NamedFilter> ofRoute =
        gateway.config().routes().stream()
            .filter(route -> route.config().name().equals(way.route()))
            .findFirst()
            .map(LoadedRoute::filters)
            .orElse(List.of());
    return names(gateway.config().filters()) + " > " + names(ofRoute);
  }

  private static String names(List<NamedFilter> filters) {
    return filters.isEmpty()
        ? "-"
        : filters.stream().map(NamedFilter::name).collect(Collectors.joining(", "));
  }

  @Override
  public void close() {
    if (host != null) {
      host.stopFollowing();
    }
    if (gateway != null) {
      try {
        gateway.shutdown(Duration.ofSeconds(1)).await(STOP_SECONDS, TimeUnit.SECONDS);
      } catch (Exception e) {
        System.err.println("the gateway did not stop: " + e.getMessage());
      }
    } else if (host != null) {
      host.vertx().close();
    }
    if (host != null) {
      host.close();
    }
    services.forEach(EmbeddedService::close);
    vertx.close();
  }
}
