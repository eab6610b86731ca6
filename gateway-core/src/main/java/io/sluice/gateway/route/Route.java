package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.api.Protocol;
import io.sluice.gateway.config.Outbound;
import io.sluice.gateway.config.RouteConfig.Mode;

/**
 * Where calls go, and what is done to them on the way.
 *
 * @param name in logs and metrics
 * @param timeoutNanos time for a whole call; 0 if the route sets none
 * @param stream limits of streams beside that
 * @param dropsTransients whether transient metadata has had its one hop when it came here
 * @param emptyBusinessStatus whether callers without metadata get the reply that came with a
 *     business status, in place of an exception that tells it
 * @param mode what calls by gRPC are
 * @param chains the filters that its calls pass
 */
public record Route(
    String name,
    Shares clusters,
    long timeoutNanos,
    StreamLimits stream,
    boolean dropsTransients,
    boolean emptyBusinessStatus,
    Mode mode,
    RouteChains chains) {

  /** One that sends all of its calls to one cluster and otherwise leaves them as they are. */
  public static Route to(Cluster cluster, String name, long timeoutNanos, RouteChains chains) {
    return new Route(
        name,
        Shares.all(cluster),
        timeoutNanos,
        StreamLimits.NONE,
        false,
        false,
        Mode.AUTO,
        chains);
  }

  /** In which protocol a call goes to a cluster, or why it cannot. */
  public Outbound outbound(Call call, Cluster cluster) {
    return Outbound.of(call.protocol(), call.codec(), mode, cluster.config());
  }

  /** Whether it is certain that a call has one message each way. */
  public boolean isUnary(Call call, Cluster cluster) {
    if (call.protocol() != Protocol.GRPC) {
      return call.protocol().isPingPong();
    }
    Protocol outbound = outbound(call, cluster).protocol();
    return mode == Mode.UNARY || outbound != null && outbound.isPingPong();
  }
}
