package io.sluice.api;

/**
 * Chooses the endpoint that a call goes to. One instance for each cluster and event loop, used on
 * that loop only, so its state needs no locks; it must not block, and had better allocate nothing.
 */
public interface LoadBalancer {

  /**
   * Chooses among the endpoints that may take the call, of which there is at least one.
   *
   * @param endpoints as they are now; not to be kept
   * @return the number of the endpoint. If that is none that may take the call, or if this throws,
   *     the log says so and the first that may is taken
   */
  int choose(Call call, Endpoints endpoints);

  /** The endpoints of a cluster, as one event loop sees them, by numbers from 0. */
  interface Endpoints {

    /** How many there are, those included that may not take the call. */
    int size();

    /**
     * Whether it may take the call: it has not failed it already, and is not marked unhealthy, or
     * all are and it has been longest.
     */
    boolean mayTake(int endpoint);

    /** Its address as {@code host:port}, an IPv6 address in brackets. */
    String address(int endpoint);

    /** Its part of the calls, in proportion to the others'; 1 to 1000. */
    int weight(int endpoint);

    /** How many calls of this event loop are open there. */
    int calls(int endpoint);

    /** Another number whenever the endpoints, or their addresses or weights, have changed. */
    long version();
  }
}
