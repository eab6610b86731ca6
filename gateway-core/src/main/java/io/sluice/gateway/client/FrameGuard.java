package io.sluice.gateway.client;

import io.netty.handler.codec.http2.Http2Error;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.loop.Allowance;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.wire.http2.ControlFrames;
import io.sluice.gateway.wire.http2.Http2FrameWatch;
import io.sluice.gateway.wire.http2.ResetListener;

/**
 * Watches one HTTP/2 connection to a downstream for what is not the answer of a call: frames that
 * belong to none, which are weighed against what is said to the downstream, halves of frames and
 * header lists, and the streams that the gateway resets.
 */
final class FrameGuard implements Http2FrameWatch.Connection, ResetListener {
  private final GrpcConnection connection;
  private final int controlRate;
  private final Allowance controls;
  private final ResetCount resets;

  FrameGuard(GrpcConnection connection, ClusterConfig config, Endpoint endpoint) {
    this.connection = connection;
    this.controlRate = config.controlRate();
    this.controls = new Allowance(controlRate);
    this.resets = new ResetCount(config.maxResets(), endpoint);
  }

  /** Whether another call may begin beside those that are open. */
  boolean hasRoom(int open) {
    return resets.hasRoom(open);
  }

  /** Something of a request goes to the downstream, who may have to say something about it. */
  void says(int bytes) {
    controls.earn(ControlFrames.answersTo(bytes));
  }

  /**
   * A frame came that belongs to no call, or says nothing about it.
   *
   * @return false if it was one too many, and the connection is given up
   */
  boolean control(String frame) {
    return mayRead(1, frame);
  }

  @Override
  public boolean mayRead(int controlCost, String last) {
    if (controlCost == 0 || controls.spend(controlCost)) {
      return !connection.isGivenUp();
    }
    connection.giveUp(
        Limit.CONTROL_RATE,
        Http2Error.ENHANCE_YOUR_CALM,
        "it floods the connection: more than "
            + controlRate
            + " frames a second that belong to no call (controlRate), the last of them "
            + last);
    return false;
  }

  @Override
  public void owes(boolean now, int frames, int held) {
    connection.unread(held);
  }

  @Override
  public void resets(boolean open, long errorCode) {
    if (!open) {
      control("one of a stream that is not open");
      return;
    }
    controls.earn(ControlFrames.ON_THEIR_WAY);
    if (resets.add()) {
      connection.wornOut();
    }
  }
}
