package io.sluice.gateway.client;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.TemplateConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.loop.Timers;
import io.sluice.gateway.route.Cluster;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One loop's way to a cluster whose addresses come of the calls: an instance for each set of them,
 * made at first use, let go when it has been without calls for a while. What there is of an
 * instance is in the two collections here, and in the pools that are closed with it.
 */
final class TemplateClient implements ClusterCalls {
  private final Cluster cluster;
  private final TemplateConfig config;
  private final Loop loop;
  private final Connector connector;
  private final HostMaker hostMaker;
  private final OpenCalls openCalls;
  private final Map<String, Instance> instances = new HashMap<>();

  /** Those without calls, the one that has been so for longest first. */
  private final LinkedHashSet<Instance> idle = new LinkedHashSet<>();

  private final Timers.Timer sweeper = new Sweeper();

  TemplateClient(Cluster cluster, Loop loop, Connector connector) {
    this.cluster = cluster;
    this.config = cluster.config().template();
    this.loop = loop;
    this.connector = connector;
    this.hostMaker = new HostMaker(cluster.config());
    this.openCalls = new OpenCalls(cluster);
  }

  @Override
  public RequestSink open(RpcCall call, Protocol protocol, ResponseSink response) {
    Instance instance;
    try {
      String hosts = hostMaker.hosts(call);
      instance = instances.get(hosts);
      if (instance == null) {
        List<Address> addresses = hostMaker.addresses(hosts);
        if (instances.size() >= config.maxInstances() && !letOldestGo()) {
          return RefusedLeg.of(call, response, full());
        }
        instance = new Instance(hosts, addresses);
        instances.put(hosts, instance);
        instance.unused();
      }
    } catch (HostMaker.Unfit e) {
      return RefusedLeg.of(call, response, unknown(call, e.getMessage()));
    }
    return instance.open(call, protocol, response);
  }

  private Status full() {
    return Status.overLimit(
        "cluster "
            + cluster.name()
            + " has all of its "
            + config.maxInstances()
            + " instances in use (maxInstances)");
  }

  private Status unknown(RpcCall call, @Nullable String why) {
    String text = Status.unknownService(call.qualifiedService(), call.method()).text();
    return new Status(
        Status.Code.UNKNOWN_SERVICE, 0, text + ", cluster " + cluster.name() + ": " + why);
  }

  private boolean letOldestGo() {
    if (idle.isEmpty()) {
      return false;
    }
    letGo(idle.iterator().next());
    return true;
  }

  private void letGo(Instance instance) {
    instances.remove(instance.hosts);
    idle.remove(instance);
    instance.letGo();
  }

  private void sweep() {
    long keep = config.keepFor().toNanos();
    while (!idle.isEmpty()) {
      Instance oldest = idle.iterator().next();
      long left = oldest.idleSince + keep - System.nanoTime();
      if (left > 0) {
        loop.timers().set(sweeper, left);
        return;
      }
      letGo(oldest);
    }
  }

  @Override
  public void stats(Consumer<EndpointStats> to) {
    instances.values().forEach(instance -> instance.stats(to));
  }

  @Override
  public void close() {
    loop.timers().cancel(sweeper);
    instances.values().forEach(ClusterClient::letGo);
    instances.clear();
    idle.clear();
    connector.close();
  }

  /** The cluster as some calls see it. */
  private final class Instance extends ClusterClient {
    private final String hosts;

    /** By {@link System#nanoTime()}; meaningless while there are calls. */
    private long idleSince;

    Instance(String hosts, List<Address> addresses) {
      super(cluster, loop, connector, addresses, openCalls);
      this.hosts = hosts;
    }

    @Override
    void used() {
      idle.remove(this);
    }

    @Override
    void unused() {
      idleSince = System.nanoTime();
      idle.add(this);
      if (!sweeper.isSet()) {
        loop.timers().set(sweeper, config.keepFor().toNanos());
      }
    }
  }

  /** Lets go of the instances that nobody has used for a while. */
  private final class Sweeper extends Timers.Timer {
    @Override
    protected void fire() {
      sweep();
    }
  }
}
