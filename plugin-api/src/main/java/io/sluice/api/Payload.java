package io.sluice.api;

import java.nio.ByteBuffer;

/**
 * The bytes of one message, without its framing: a Thrift struct or a Protobuf message. What a hook
 * is shown is valid until the hook has answered (with {@link Step.Await}: until its future
 * completes); {@link #copy()} what is needed longer. Safe for all threads meanwhile.
 *
 * <p>One that a filter makes hands its bytes over: they must not change any more.
 */
public interface Payload {

  /**
   * Its length in bytes, packed if it is.
   *
   * @throws IllegalStateException if the payload is no longer valid
   */
  int size();

  /**
   * How its sender has packed it: the name of gRPC's {@code grpc-encoding}, such as {@code gzip},
   * or {@code identity} where the sender names none. The bytes are then what came of the packing,
   * and a filter that looks into them has to unpack them first. Empty if they are plain, as all
   * messages but those of gRPC are, and those that a filter has put in the place of others.
   */
  default String encoding() {
    return "";
  }

  /**
   * The bytes, read only. The first of the filters that asks for those of a message has the gateway
   * copy it, once; who only asks for {@link #size()} does not.
   *
   * @throws IllegalStateException if the payload is no longer valid
   */
  ByteBuffer bytes();

  /**
   * The bytes, for keeps.
   *
   * @throws IllegalStateException if the payload is no longer valid
   */
  default byte[] copy() {
    ByteBuffer bytes = bytes();
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return copy;
  }

  /** A message made by a filter. The array is not copied and must not be changed afterwards. */
  static Payload of(byte[] bytes) {
    return new Payload() {
      @Override
      public int size() {
        return bytes.length;
      }

      @Override
      public ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
      }
    };
  }
}
