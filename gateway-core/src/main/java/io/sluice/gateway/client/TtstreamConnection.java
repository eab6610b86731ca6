package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import io.sluice.gateway.wire.ttstream.Trailers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A ttstream connection to a downstream, shared by the streams of one loop. */
final class TtstreamConnection extends NumberedConnection<TtstreamConnection, TtstreamLeg> {
  private static final Logger LOG = LoggerFactory.getLogger(TtstreamConnection.class);
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 65_535);

  /**
   * Bytes of a stream's response on their way to the caller beyond which the others wait for it.
   */
  private static final int WINDOW = 1 << 20;

  /**
   * The longest name of a method, in characters: messages are counted as if it were a short one.
   */
  private static final int MAX_METHOD = 1024;

  private boolean droppedBefore;
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
    return isKept() ? config().maxStreams() : 1;
  }

  @Override
  int callBound() {
    return WINDOW;
  }

  @Override
  long stallNanos() {
    return config().stallTimeout().toNanos();
  }

  @Override
  boolean isKept() {
    return config().connections() == ClusterConfig.Connections.KEEP;
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

  /**
   * @throws WireException if the call cannot be told to the downstream
   */
  void open(TtstreamLeg leg) {
    RpcCall call = leg.call();
    if (call.method().length() > MAX_METHOD) {
      throw new WireException(
          "ttstream repeats the method's name with every message, and this one is too long");
    }
    leg.id(nextId());
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
    String method = leg.call().method();
    CallEnd trailer = leg.call().requestTrailer();
    ByteBuf end;
    try {
      end =
          trailer == null
              ? writer.halfClose(leg.id(), method)
              : writer.trailer(
                  leg.id(), method, trailer.status(), trailer.bizStatus(), trailer.rawTrailers());
    } catch (WireException e) {
      leg.giveUp(Status.untranslatable(e.getMessage()));
      return;
    }
    write(end);
  }

  @Override
  void writeCancel(TtstreamLeg leg, Status why) {
    RpcCall call = leg.call();
    write(
        writer.reset(
            leg.id(),
            call.method(),
            StreamCodes.of(why),
            why.text(),
            StreamCodes.pathFromHere(call.cancelPath(), call.cancelName())));
    writeTrailerIfDue(leg);
  }

  /** As Kitex's clients do whatever ended the stream, for the sake of old servers. */
  private void writeTrailerIfDue(TtstreamLeg leg) {
    if (!leg.isHalfClosed()) {
      write(writer.halfClose(leg.id(), leg.call().method()));
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
    readOver();
  }

  private void read(Frame frame) {
    if (frame.type() == FrameType.UNKNOWN) {
      dropped();
      return;
    }
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
        if (leg.isOver()) {
          return;
        }
        pass(leg, frame.payload().retain(), true);
      }
      case TRAILER -> {
        CallEnd end = Trailers.read(frame);
        writeTrailerIfDue(leg);
        finish(leg, end);
      }
      case RST -> {
        writeTrailerIfDue(leg);
        finish(leg, CallEnd.byReset(StreamCodes.read(frame.payload()), frame.headers()));
      }
      case META -> {
        if (leg.call().protocol() == Protocol.TTSTREAM) {
          frame.headers().removeIf(FrameType::isOfEveryFrame);
          pass(leg, new Aside(frame.headers(), frame.payload().retain()));
        }
      }
    }
  }

  /** Perhaps of a Kitex to come. */
  private void dropped() {
    if (!droppedBefore) {
      droppedBefore = true;
      LOG.atWarn()
          .setMessage("dropped a frame of a type that is none; further ones are dropped in silence")
          .addKeyValue("endpoint", address())
          .log();
    }
  }

  private void head(TtstreamLeg leg, Headers headers) {
    leg.sawHead();
    ReplyKeys.take(headers);
    headers.removeIf(FrameType::isOfEveryFrame);
    leg.call().responseHeaders(headers, null);
    leg.response().responseHead();
  }
}
