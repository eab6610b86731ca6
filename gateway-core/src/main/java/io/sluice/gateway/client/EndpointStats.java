package io.sluice.gateway.client;

/**
 * What one endpoint of a cluster has at a moment, of one loop or of several.
 *
 * @param endpoint as the configuration has it: those that come of a template are one
 * @param open connections, those that are idle included
 * @param idle connections without a call
 * @param connecting connections that are being opened
 * @param waiting calls without a connection
 * @param calls open calls, those that wait included
 * @param unhealthy by how many loops it is marked so, as it could not be connected
 */
public record EndpointStats(
    String cluster,
    String endpoint,
    int open,
    int idle,
    int connecting,
    int waiting,
    int calls,
    int unhealthy) {

  /** Whether the last that is known of it is that it could not be connected. */
  public boolean isOut() {
    return unhealthy > 0 && open == 0;
  }

  /** Both together, under the name of this one. */
  public EndpointStats plus(EndpointStats other) {
    return new EndpointStats(
        cluster,
        endpoint,
        open + other.open,
        idle + other.idle,
        connecting + other.connecting,
        waiting + other.waiting,
        calls + other.calls,
        unhealthy + other.unhealthy);
  }
}
