package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.sluice.api.Payload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A message as shown to filters; it fails closed when looked at too late. Safe for all threads, as
 * a filter may look at it on one of its own while the call ends.
 *
 * <p>Whoever looks at the bytes gets memory of the heap that nobody else will ever have. Bytes of a
 * buffer would be those of another message once the buffer is gone, and a filter may have kept its
 * view of them.
 */
final class BufPayload implements Payload {
  private @Nullable ByteBuf bytes;
  private boolean shown;
  private String encoding;

  /**
   * @param bytes handed over
   * @param encoding how they are packed; empty if they are not
   */
  BufPayload(ByteBuf bytes, String encoding) {
    this.bytes = bytes;
    this.encoding = encoding;
  }

  @Override
  public synchronized int size() {
    return valid().readableBytes();
  }

  @Override
  public synchronized String encoding() {
    return encoding;
  }

  @Override
  public synchronized ByteBuffer bytes() {
    ByteBuf now = valid();
    if (!shown) {
      byte[] copy = ByteBufUtil.getBytes(now);
      now.release();
      now = Unpooled.wrappedBuffer(copy);
      bytes = now;
      shown = true;
    }
    return now.nioBuffer().asReadOnlyBuffer();
  }

  /** Leaves the message where it is, unlike a look at {@link #bytes()}. */
  @Override
  public synchronized byte[] copy() {
    return ByteBufUtil.getBytes(valid());
  }

  private ByteBuf valid() {
    if (bytes == null) {
      throw new IllegalStateException("this message is over; copy() what is needed longer");
    }
    return bytes;
  }

  /** Puts other bytes in its place, which are not packed. */
  synchronized void replace(ByteBuf other) {
    valid().release();
    bytes = other;
    shown = false;
    encoding = "";
  }

  /** Hands the bytes over; from now on the payload is no longer valid. */
  synchronized ByteBuf take() {
    ByteBuf taken = valid();
    bytes = null;
    return taken;
  }

  synchronized void release() {
    if (bytes != null) {
      bytes.release();
      bytes = null;
    }
  }
}
