package io.sluice.gateway.client;

import io.sluice.gateway.config.Address;
import io.sluice.gateway.loop.Limit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one line that says why a connection to a downstream was given up. */
final class DownstreamLog {
  private static final Logger LOG = LoggerFactory.getLogger(DownstreamLog.class);

  private DownstreamLog() {}

  /** The downstream sent what it may not send, or has met a limit. */
  static void gaveUp(ClusterClient cluster, Address downstream, Limit limit, String why) {
    cluster.loop().limits().met(limit);
    LOG.atWarn()
        .setMessage("gave up a connection to a downstream: {}")
        .addArgument(why)
        .addKeyValue("cluster", cluster.cluster().name())
        .addKeyValue("endpoint", downstream)
        .log();
  }

  /** The connection broke while calls were open on it. */
  static void lost(ClusterClient cluster, Address downstream, int calls, Throwable cause) {
    LOG.atWarn()
        .setMessage("lost a connection to a downstream: {}")
        .addArgument(cause.getMessage())
        .addKeyValue("cluster", cluster.cluster().name())
        .addKeyValue("endpoint", downstream)
        .addKeyValue("calls", calls)
        .log();
  }

  /** Something was thrown that nobody expects. */
  static void thrown(ClusterClient cluster, Address downstream, Throwable cause) {
    LOG.atError()
        .setMessage("gave up a connection to a downstream after a fault of the gateway")
        .addKeyValue("cluster", cluster.cluster().name())
        .addKeyValue("endpoint", downstream)
        .setCause(cause)
        .log();
  }
}
