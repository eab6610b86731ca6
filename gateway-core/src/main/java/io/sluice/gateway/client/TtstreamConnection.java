package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;

/** A ttstream connection to a downstream, shared by the streams of one loop. */
final class TtstreamConnection extends NumberedConnection<TtstreamConnection, TtstreamLeg> {
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);
  private static final int MAX_STREAMS = 1000;
  private static final int MAX_PATH = 8192;

  /** The name that the gateway adds to the path of a cancel. */
  private static final String OWN_NAME = "sluice";

  private FrameReader reader;
  private FrameWriter writer;

  TtstreamConnection(SharedPool<TtstreamConnection> pool, ClusterClient cluster) {
    super(pool, cluster);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    reader = new FrameReader(ctx.alloc(), LIMITS);
    writer = new FrameWriter(ctx.alloc());
    super.handlerAdded(ctx);
  }

  @Override
  TtstreamConnection self() {
    return this;
  }

  @Override
  int maxCalls() {
    return MAX_STREAMS;
  }

  @Override
  long held() {
    return reader.held();
  }

  @Override
  void release() {
    reader.release();
  }

  // What goes to the downstream.

  void open(TtstreamLeg leg) {
    leg.id(nextId());
    RpcCall call = leg.call();
    String named = config().service();
    String service = call.service().isEmpty() && named != null ? named : call.service();
    ByteBuf header = writer.open(leg.id(), service, call.method(), call.outboundHeaders());
    add(leg);
    write(header);
  }

  void write(TtstreamLeg leg, ByteBuf part) {
    write(writer.data(leg.id(), leg.call().method(), part));
    if (isWritable()) {
      leg.acknowledge();
    }
  }

  void writeEnd(TtstreamLeg leg) {
    write(writer.halfClose(leg.id(), leg.call().method()));
  }

  @Override
  void writeCancel(TtstreamLeg leg, Status why) {
    RpcCall call = leg.call();
    String path = call.cancelPath().isEmpty() ? OWN_NAME : call.cancelPath() + ',' + OWN_NAME;
    if (path.length() > MAX_PATH) {
      path = OWN_NAME;
    }
    write(writer.reset(leg.id(), call.method(), StreamCodes.of(why), why.text(), path));
    if (!leg.isHalfClosed()) {
      write(writer.halfClose(leg.id(), call.method()));
    }
  }

  // What comes from it.

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    reader.append((ByteBuf) msg);
    try {
      for (Frame frame = reader.read(); frame != null; frame = reader.read()) {
        try {
          read(frame);
        } finally {
          frame.payload().release();
        }
      }
    } catch (WireException e) {
      fail("bad frame: " + e.getMessage());
    }
  }

  private void read(Frame frame) {
    TtstreamLeg leg = leg(frame.streamId());
    if (leg == null) {
      // Of a stream that is over, or for nobody.
      return;
    }
    switch (frame.type()) {
      case HEADER -> {
        if (leg.headSeen()) {
          throw new WireException("a second HEADER");
        }
        head(leg, frame.headers());
      }
      case DATA -> {
        if (!leg.headSeen()) {
          head(leg, new Headers(Headers.Dialect.TTHEADER));
        }
        pass(leg, frame.payload().retain(), true);
      }
      case TRAILER -> {
        ReplyKeys keys = ReplyKeys.take(frame.headers());
        Status status =
            frame.payload().isReadable() ? StreamCodes.read(frame.payload()) : Status.OK;
        if (!leg.isHalfClosed()) {
          // Kitex's clients do so for the sake of old servers.
          write(writer.halfClose(leg.id(), leg.call().method()));
        }
        finish(leg, new CallEnd(status, status.isOk() ? keys.bizStatus() : null, frame.headers()));
      }
      case RST -> finish(leg, CallEnd.of(leg.call(), StreamCodes.read(frame.payload())));
      case META, UNKNOWN -> {}
    }
  }

  private void head(TtstreamLeg leg, Headers headers) {
    leg.sawHead();
    ReplyKeys.take(headers);
    for (int i = headers.count() - 1; i >= 0; i--) {
      if (headers.isIntKey(i) && headers.intKey(i) == TTHeaderKeys.TO_METHOD) {
        headers.removeAt(i);
      }
    }
    leg.call().responseHeaders(headers, null);
    leg.response().responseHead();
  }
}
