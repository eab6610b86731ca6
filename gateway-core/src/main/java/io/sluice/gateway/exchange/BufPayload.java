package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.api.Payload;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A message as shown to filters; it fails closed when looked at too late. */
final class BufPayload implements Payload {
  private @Nullable ByteBuf bytes;
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
  public int size() {
    return valid().readableBytes();
  }

  @Override
  public String encoding() {
    return encoding;
  }

  @Override
  public ByteBuffer bytes() {
    return valid().nioBuffer().asReadOnlyBuffer();
  }

  private ByteBuf valid() {
    if (bytes == null) {
      throw new IllegalStateException("this message is over; copy() what is needed longer");
    }
    return bytes;
  }

  /** Puts other bytes in its place, which are not packed. */
  void replace(ByteBuf other) {
    valid().release();
    bytes = other;
    encoding = "";
  }

  /** Hands the bytes over; from now on the payload is no longer valid. */
  ByteBuf take() {
    ByteBuf taken = valid();
    bytes = null;
    return taken;
  }

  void release() {
    if (bytes != null) {
      bytes.release();
      bytes = null;
    }
  }
}
