package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the small frames that are written to a connection within a turn of its loop in one
 * buffer, for one system call and one entry in the channel's queue. Stands between the codec and
 * the channel; whatever passes by itself does so after what was gathered before it.
 */
final class FrameGather extends ChannelOutboundHandlerAdapter {
  private static final int SMALLEST = 512;
  private static final int LARGEST = 32 * 1024;

  private ChannelHandlerContext ctx;
  private @Nullable ByteBuf gathered;
  private Batch batch = new Batch();

  /** About how many bytes there will be. */
  private int guess = SMALLEST;

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    this.ctx = ctx;
  }

  /**
   * Where to write a frame of so many bytes, or, where that is not known, of so many at least.
   *
   * @return stays this handler's
   */
  ByteBuf room(int bytes) {
    if (gathered != null && gathered.readableBytes() + bytes > LARGEST) {
      pass();
    }
    if (gathered == null) {
      gathered = ctx.alloc().directBuffer(Math.max(guess, bytes));
    } else {
      gathered.ensureWritable(bytes);
    }
    return gathered;
  }

  /** The promise is kept when all that is gathered now has left. */
  ChannelFuture promised(ChannelPromise promise) {
    batch.add(promise);
    return promise;
  }

  /** Passes on what was gathered. */
  private void pass() {
    ByteBuf out = gathered;
    if (out == null) {
      return;
    }
    int size = out.readableBytes();
    guess = Math.max(SMALLEST, Math.min(LARGEST, size));
    gathered = null;
    Batch promises = batch;
    batch = new Batch();
    // It may wait for a slow reader for long.
    boolean large = out.capacity() > SMALLEST && size < out.capacity() / 2;
    ctx.write(large ? fitting(out, size) : out).addListener(promises);
  }

  private ByteBuf fitting(ByteBuf large, int size) {
    ByteBuf fitting;
    try {
      fitting = ctx.alloc().directBuffer(size);
    } catch (OutOfMemoryError e) {
      return large;
    }
    fitting.writeBytes(large);
    large.release();
    return fitting;
  }

  @Override
  public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
    pass();
    ctx.write(msg, promise);
  }

  @Override
  public void flush(ChannelHandlerContext ctx) {
    pass();
    ctx.flush();
  }

  @Override
  public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
    pass();
    ctx.close(promise);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext ctx) {
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    batch.complete(new ClosedChannelException());
  }

  /** The promises of frames that leave together. */
  private static final class Batch implements ChannelFutureListener {
    private ChannelPromise[] promises = new ChannelPromise[16];
    private int count;

    void add(ChannelPromise promise) {
      if (count == promises.length) {
        promises = Arrays.copyOf(promises, 2 * count);
      }
      promises[count++] = promise;
    }

    @Override
    public void operationComplete(ChannelFuture written) {
      complete(written.cause());
    }

    void complete(@Nullable Throwable cause) {
      for (int i = 0; i < count; i++) {
        if (cause == null) {
          promises[i].trySuccess();
        } else {
          promises[i].tryFailure(cause);
        }
      }
    }
  }
}
