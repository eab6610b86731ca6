package io.sluice.gateway.client;

import io.sluice.api.LoadBalancer;
import io.sluice.gateway.call.RpcCall;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Leaves the choice to an extension, and sees to it that a call gets an endpoint all the same. */
final class ExtensionBalancer extends Balancer {
  private static final Logger LOG = LoggerFactory.getLogger(ExtensionBalancer.class);
  private static final long COMPLAIN_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String name;
  private final LoadBalancer extension;
  private final View view;
  private long complainedAt = System.nanoTime() - COMPLAIN_NANOS;

  /** While it is asked: the endpoints that have failed the call already. */
  private List<Endpoint> tried = List.of();

  /**
   * @param name of the extension, for the log
   * @param version of the endpoints
   */
  ExtensionBalancer(String name, LoadBalancer extension, List<Endpoint> endpoints, long version) {
    super(endpoints);
    this.name = name;
    this.extension = extension;
    this.view = new View(version);
  }

  @Override
  @Nullable Endpoint choose(RpcCall call, List<Endpoint> failed) {
    int first = 0;
    while (first < size() && !mayTake(endpoint(first), failed)) {
      first++;
    }
    if (first == size()) {
      return null;
    }
    int chosen;
    tried = failed;
    try {
      chosen = extension.choose(call, view);
    } catch (Throwable e) { // whatever its author's code may throw
      complain("failed", e);
      return endpoint(first);
    } finally {
      tried = List.of();
    }
    if (chosen < 0 || chosen >= size() || !mayTake(endpoint(chosen), failed)) {
      complain("chose endpoint " + chosen + ", which may not take the call", null);
      return endpoint(first);
    }
    return endpoint(chosen);
  }

  private void complain(String what, @Nullable Throwable cause) {
    long now = System.nanoTime();
    if (now - complainedAt >= COMPLAIN_NANOS) {
      complainedAt = now;
      LOG.atError()
          .setMessage("load balancer '{}' {}; the first endpoint that may take the call does")
          .addArgument(name)
          .addArgument(what)
          .setCause(cause)
          .log();
    }
  }

  /** What the extension sees. */
  private final class View implements LoadBalancer.Endpoints {
    private final long version;

    View(long version) {
      this.version = version;
    }

    @Override
    public int size() {
      return ExtensionBalancer.this.size();
    }

    @Override
    public boolean mayTake(int endpoint) {
      return Balancer.mayTake(endpoint(endpoint), tried);
    }

    @Override
    public String address(int endpoint) {
      return endpoint(endpoint).name();
    }

    @Override
    public int weight(int endpoint) {
      return endpoint(endpoint).weight();
    }

    @Override
    public int calls(int endpoint) {
      return endpoint(endpoint).calls();
    }

    @Override
    public long version() {
      return version;
    }
  }
}
