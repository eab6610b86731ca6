package io.sluice.gateway;

import io.sluice.api.EndpointSource;
import io.sluice.api.EndpointSource.Endpoint;
import io.sluice.api.EndpointSource.Found;
import io.sluice.api.Use;
import io.sluice.gateway.client.Clients;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.AddressTemplate;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.EndpointConfig;
import io.sluice.gateway.context.Contexts;
import io.sluice.gateway.filter.FilterLife;
import io.sluice.gateway.filter.InTime;
import io.sluice.gateway.filter.Lender.Loan;
import io.sluice.gateway.route.EndpointList;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What finds the endpoints of clusters: from its start, before the first configuration that uses it
 * runs, to its stop, after the last one has. What a cluster uses goes on from one configuration to
 * the next as long as that stays the same. Starting and stopping blocks; it is done by one thread
 * at a time.
 */
final class Sources {
  private static final Logger LOG = LoggerFactory.getLogger(Sources.class);

  /** The most endpoints of one cluster. */
  private static final int MAX = 1000;

  private final Contexts contexts;
  private final Clients clients;
  private final long startSeconds;
  private final long stopSeconds;
  private final Map<Key, Source> running = new ConcurrentHashMap<>();

  private record Key(String cluster, Use<EndpointSource> use) {}

  Sources(Contexts contexts, Clients clients) {
    this(contexts, clients, FilterLife.START_SECONDS, FilterLife.STOP_SECONDS);
  }

  /**
   * @param startSeconds what a start may take
   * @param stopSeconds what a stop may take before others are no longer kept waiting
   */
  Sources(Contexts contexts, Clients clients, long startSeconds, long stopSeconds) {
    this.contexts = contexts;
    this.clients = clients;
    this.startSeconds = startSeconds;
    this.stopSeconds = stopSeconds;
  }

  /** A source cannot work, so the configuration that uses it is refused. */
  static final class StartException extends Exception {
    private static final long serialVersionUID = 1;

    private StartException(Key key, Throwable cause) {
      super(
          "endpoint source '"
              + key.use().name()
              + "' of cluster '"
              + key.cluster()
              + "' cannot start: "
              + (cause.getMessage() == null ? cause.toString() : cause.getMessage()),
          cause);
    }
  }

  /**
   * A configuration is to run: starts what its clusters need and does not run yet.
   *
   * @throws StartException if one cannot work; nothing is used then
   */
  void use(Map<String, ClusterConfig> clusters) throws StartException {
    List<Key> used = new ArrayList<>();
    for (Key key : keys(clusters)) {
      try {
        Source source = running.get(key);
        if (source == null) {
          source = new Source(key, make(key));
          source.start();
          running.put(key, source);
        }
        source.users++;
        used.add(key);
      } catch (Throwable e) { // whatever its author's code may throw
        used.forEach(this::release);
        throw new StartException(key, e);
      }
    }
  }

  private EndpointSource make(Key key) throws Exception {
    return InTime.call("source-create-" + key.use().name(), startSeconds, key.use()::make);
  }

  /** A configuration runs no longer. */
  void release(Map<String, ClusterConfig> clusters) {
    keys(clusters).forEach(this::release);
  }

  private void release(Key key) {
    Source source = running.get(key);
    if (source != null && --source.users == 0) {
      running.remove(key);
      source.stop();
    }
  }

  private static List<Key> keys(Map<String, ClusterConfig> clusters) {
    List<Key> keys = new ArrayList<>();
    clusters.forEach(
        (name, cluster) -> {
          if (cluster.source() != null) {
            keys.add(new Key(name, cluster.source()));
          }
        });
    return keys;
  }

  /** Where the endpoints of a cluster are, which has to be in {@link #use}. For any thread. */
  EndpointList of(String name, ClusterConfig cluster) {
    if (cluster.source() == null) {
      return new EndpointList(cluster.endpoints());
    }
    return running.get(new Key(name, cluster.source())).list;
  }

  /** One that runs. */
  private final class Source implements Found {
    private final Key key;
    private final EndpointSource source;
    private final Loan loan;
    private final EndpointList list = new EndpointList(List.of());
    private int users;
    private volatile boolean over;

    /** What it last said about why it does not know; empty if it does. */
    private String failure = "";

    Source(Key key, EndpointSource source) {
      this.key = key;
      this.source = source;
      this.loan = contexts.lend("source", key.use().name(), source.getClass().getClassLoader());
    }

    void start() throws Exception {
      boolean started = false;
      try {
        InTime.run(
            "source-start-" + key.use().name(),
            startSeconds,
            () -> source.start(loan.context(), this));
        started = true;
      } finally {
        if (!started) {
          end();
        }
      }
    }

    void stop() {
      loan.endSchedule();
      try {
        InTime.run("source-stop-" + key.use().name(), stopSeconds, source::stop);
      } catch (Throwable e) { // as above
        LOG.atError()
            .setMessage("endpoint source '{}' did not stop as it should")
            .addArgument(key.use().name())
            .addKeyValue("cluster", key.cluster())
            .setCause(e)
            .log();
      } finally {
        end();
      }
    }

    private void end() {
      over = true;
      loan.endSchedule();
      loan.close();
    }

    @Override
    public void endpoints(List<Endpoint> all) {
      List<EndpointConfig> found = checked(all);
      synchronized (this) {
        if (over) {
          return;
        }
        failure = "";
        if (found.equals(list.now())) {
          return;
        }
        list.put(found);
      }
      LOG.atInfo()
          .setMessage("cluster '{}' has {} endpoints")
          .addArgument(key.cluster())
          .addArgument(found.size())
          .addKeyValue("source", key.use().name())
          .log();
      clients.follow(list);
    }

    private List<EndpointConfig> checked(List<Endpoint> all) {
      if (all.size() > MAX) {
        throw new IllegalArgumentException("at most " + MAX + " endpoints, not " + all.size());
      }
      List<EndpointConfig> found = new ArrayList<>(all.size());
      Set<AddressTemplate> seen = new HashSet<>();
      for (Endpoint endpoint : all) {
        AddressTemplate address = AddressTemplate.of(new Address(endpoint.host(), endpoint.port()));
        if (!seen.add(address)) {
          throw new IllegalArgumentException("endpoint " + address + " is there twice");
        }
        found.add(new EndpointConfig(address, endpoint.weight()));
      }
      return found;
    }

    @Override
    public void failed(String why) {
      synchronized (this) {
        if (over || failure.equals(why)) {
          return;
        }
        failure = why;
      }
      LOG.atWarn()
          .setMessage("endpoints of cluster '{}' are not known, the last stay: {}")
          .addArgument(key.cluster())
          .addArgument(why)
          .addKeyValue("source", key.use().name())
          .log();
    }
  }
}
