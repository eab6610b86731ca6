package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * A connection with many streams, each of {@code InteropStream}. All that is done with it, and all
 * that it tells, is on its loop. What is said leaves with the next {@link #flush}.
 */
abstract class StreamCaller {
  /** Hears of the streams. */
  interface Listener {
    /**
     * @param message not released
     */
    void heard(Talk talk, ByteBuf message);

    /** The other side has ended the stream, which is no more. */
    void ended(Talk talk, boolean ok, String why);

    /** Something came that may not come, or the gateway has closed the connection. */
    void fault(String text);
  }

  /** Stands behind the handlers of the protocol. */
  private final class Last extends ChannelInboundHandlerAdapter {
    @Override
    public void handlerAdded(ChannelHandlerContext added) {
      ctx = added;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      fault("closed by the gateway");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      fault(cause.toString());
      ctx.close();
    }
  }

  private final Crowd.Kind kind;
  private final String name;
  private final Listener listener;
  private ChannelHandlerContext ctx;
  private boolean cut;

  StreamCaller(Crowd.Kind kind, String name, Listener listener) {
    this.kind = kind;
    this.name = name;
    this.listener = listener;
  }

  final Crowd.Kind kind() {
    return kind;
  }

  /** Those of the connection, in order. */
  final ChannelHandler[] handlers() {
    return new ChannelHandler[] {codec(), protocol(), new Last()};
  }

  /** Cuts what comes into frames. */
  protected abstract ChannelHandler codec();

  /** Reads the frames, and passes on what it does not. */
  protected abstract ChannelHandler protocol();

  protected final Listener listener() {
    return listener;
  }

  protected final ChannelFuture write(Object frame) {
    return ctx.write(frame);
  }

  /** Tells of a fault of the connection, unless it was cut. */
  protected final void fault(String text) {
    if (!cut) {
      listener.fault(name + ": " + text);
    }
  }

  /** Opens a stream. */
  abstract void open(Talk talk);

  /** Says something. */
  abstract void say(Talk talk, byte[] message);

  /** Says that this was all. */
  abstract void halfClose(Talk talk);

  /** Gives it up; nothing more is told of it. */
  abstract void cancel(Talk talk);

  /** Forgets all streams: nothing more is told of any. */
  protected abstract void forget();

  /** Sends what has been said. */
  final void flush() {
    ctx.flush();
  }

  /** Closes without a word; nothing more is told of any stream. */
  final void cut() {
    cut = true;
    forget();
    // At the socket: a codec may have a word for it.
    ctx.pipeline().firstContext().close();
  }

  @Override
  public final String toString() {
    return name;
  }
}
