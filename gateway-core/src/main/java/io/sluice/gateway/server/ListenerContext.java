package io.sluice.gateway.server;

import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.config.LimitsConfig;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.http2.Http2FrameWatch;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What all connections of one listener on one loop share. Used on that loop only. */
final class ListenerContext {
  /** What may have been read behind the message that is being read. */
  private static final int READ_AHEAD = 1 << 20;

  private final String name;
  private final Loop loop;
  private final LimitsConfig limits;
  private final boolean verifiesChecksums;
  private final boolean tellsRawStatus;
  private final String cancelName;
  private final WireLimits wireLimits;
  private final CallHandler calls;
  private final long maxBuffered;
  private final Set<Connection> connections = new HashSet<>();
  private int accepted;
  private boolean draining;
  private @Nullable Runnable whenEmpty;
  private int lostCalls;

  /**
   * @param calls takes the calls
   */
  ListenerContext(String name, Loop loop, ListenerConfig config, CallHandler calls) {
    this.name = name;
    this.loop = loop;
    this.limits = config.limits();
    this.verifiesChecksums = config.checksum() == ListenerConfig.Checksum.VERIFY;
    this.tellsRawStatus = config.grpcStatus() == ListenerConfig.GrpcStatus.RAW;
    this.cancelName = config.cancelName();
    this.wireLimits =
        new WireLimits(
            (int) limits.maxFrame().bytes(), (int) limits.maxHeader().bytes(), limits.maxKeys());
    this.calls = calls;
    // The largest message has to fit whatever the file says.
    this.maxBuffered =
        Math.max(
            limits.maxBuffered().bytes(),
            limits.maxFrame().bytes()
                + Http2FrameWatch.HEADER_LIST_COPIES * limits.maxHeader().bytes()
                + READ_AHEAD);
  }

  String name() {
    return name;
  }

  Loop loop() {
    return loop;
  }

  LimitsConfig limits() {
    return limits;
  }

  /** Whether requests that carry a checksum are checked. */
  boolean verifiesChecksums() {
    return verifiesChecksums;
  }

  /** Whether callers by gRPC are told a Thrift exception by its number. */
  boolean tellsRawStatus() {
    return tellsRawStatus;
  }

  /** What the gateway is called in the path of a cancel. */
  String cancelName() {
    return cancelName;
  }

  WireLimits wireLimits() {
    return wireLimits;
  }

  /** Bytes that one connection may hold. */
  long maxBuffered() {
    return maxBuffered;
  }

  CallHandler calls() {
    return calls;
  }

  /** Notes a connection that speaks a protocol now. */
  void opened(Connection connection) {
    connections.add(connection);
    if (draining) {
      connection.drain();
    }
  }

  void closed(Connection connection) {
    connections.remove(connection);
    Runnable told = whenEmpty;
    if (told != null && connections.isEmpty()) {
      whenEmpty = null;
      // Its calls may still be being told of the close.
      loop.eventLoop().execute(told);
    }
  }

  /** So many more connections go by this, or less, also such as speak no protocol yet. */
  void accepted(int more) {
    accepted += more;
  }

  boolean isUnused() {
    return accepted == 0;
  }

  /** Has this run when the last connection is closed and its calls have ended. */
  void whenEmpty(Runnable then) {
    if (connections.isEmpty()) {
      then.run();
    } else {
      whenEmpty = then;
    }
  }

  /** Lets every connection end. */
  void drain() {
    draining = true;
    new ArrayList<>(connections).forEach(Connection::drain);
  }

  /**
   * Closes every connection that is left, whatever still waits to be written, and notes the calls
   * that are lost thereby.
   */
  void cutOff() {
    for (Connection connection : new ArrayList<>(connections)) {
      lostCalls += connection.openCalls();
      connection.abort();
    }
  }

  /** Calls that were open when {@link #cutOff} came. */
  int lostCalls() {
    return lostCalls;
  }
}
