package io.sluice.interop.soak;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;

/**
 * Callers of one kind.
 *
 * @param transport as the callers' {@code --transport}
 * @param shape of the calls: {@code unary}, {@code stream}, {@code long-stream}
 */
record LoadKind(String transport, String shape, int connections, int workers) {

  /**
   * Starts callers that only end when they are stopped.
   *
   * @param timeout of a call, such as {@code 10s}
   * @param pause between the messages of a long stream, such as {@code 200ms}
   */
  Peers.Load start(GatewayProcess gateway, String timeout, String pause) {
    return Soak.endless(
        gateway.address(),
        transport,
        "--shape",
        shape,
        "--connections",
        Integer.toString(connections),
        "--workers",
        Integer.toString(workers),
        "--timeout",
        timeout,
        "--pause",
        shape.equals("long-stream") ? pause : "0");
  }
}
