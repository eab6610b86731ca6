package io.sluice.api;

import java.util.List;
import java.util.Objects;

/**
 * Finds the endpoints of a cluster, and goes on telling as they change. One instance for each
 * cluster that uses it; it goes on as long as nothing of its cluster changes in the configuration.
 */
public interface EndpointSource {

  /**
   * Begins to find; runs on a worker thread, once. Best tells the first list before it returns:
   * until then calls to the cluster find no endpoint.
   *
   * @param context what the gateway lends it, until its stop
   * @param found is to be told what there is, for all threads
   * @throws Exception if it cannot work; the configuration that uses it is then refused
   */
  void start(FilterContext context, Found found) throws Exception;

  /** Nobody asks any more; runs on a worker thread, once, if it was started. */
  default void stop() {}

  /** Is told what there is. Safe for all threads. */
  interface Found {

    /**
     * All endpoints that there are now, in the place of those before. Those that stay keep their
     * connections; those that go get no more calls, and are closed after their last.
     *
     * @param all may be empty, and then calls find none; at most 1,000, each address once
     * @throws IllegalArgumentException if it is no such list; that before is kept
     */
    void endpoints(List<Endpoint> all);

    /**
     * It is not known what there is; the list before is kept, and the log says why.
     *
     * @param why in a few words
     */
    void failed(String why);
  }

  /**
   * Where one instance of a service listens.
   *
   * @param host a name or an address, without brackets
   * @param port 1 to 65535
   * @param weight its part of the calls, in proportion to the others'; 1 to 1000
   */
  record Endpoint(String host, int port, int weight) {
    public Endpoint {
      Objects.requireNonNull(host);
      if (host.isEmpty() || host.length() > 253) {
        throw new IllegalArgumentException("a host has 1 to 253 characters");
      }
      if (port < 1 || port > 65_535) {
        throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
      }
      if (weight < 1 || weight > 1000) {
        throw new IllegalArgumentException("a weight is 1 to 1000, not " + weight);
      }
    }
  }
}
