package io.sluice.gateway.client;

import java.util.concurrent.TimeUnit;

/**
 * How many streams of one gRPC connection were reset of late. To many servers that is an attack,
 * for which they close the connection, with the calls of all who share it (Netty's, after 200
 * within 30 s). So a connection takes no more calls after some, and ends with those it has.
 *
 * <p>While connections to an endpoint wear out like this, each takes only as many calls as it may
 * reset: all of them may be given up, too.
 */
final class ResetCount {
  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final int most;
  private final Endpoint endpoint;
  private long since;
  private int count;

  /**
   * @param most 0 for any number
   */
  ResetCount(int most, Endpoint endpoint) {
    this.most = most;
    this.endpoint = endpoint;
  }

  /**
   * A stream is reset.
   *
   * @return whether it is the one with which the connection is worn out
   */
  boolean add() {
    if (most == 0) {
      return false;
    }
    long now = System.nanoTime();
    if (count < most && now - since > WINDOW_NANOS) {
      since = now;
      count = 0;
    }
    count++;
    if (count == most) {
      endpoint.wearsOutConnections(now + WINDOW_NANOS);
    }
    return count == most;
  }

  /**
   * Whether another call may begin.
   *
   * @param open calls that are open
   */
  boolean hasRoom(int open) {
    return most == 0 || count < most && (count + open < most || !endpoint.wearsOutConnections());
  }
}
