package io.sluice.testkit;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.sluice.api.Codec;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Messages that are one text: a struct of one string field, or a Protobuf message with field 1. */
final class Texts {
  private static final byte STRING = 11;
  private static final int FIELD_HEAD = 7;

  private Texts() {}

  static byte[] encode(Codec codec, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return codec == Codec.THRIFT
        ? ByteBuffer.allocate(FIELD_HEAD + bytes.length + 1)
            .put(STRING)
            .putShort((short) 1)
            .putInt(bytes.length)
            .put(bytes)
            .put((byte) 0)
            .array()
        : UnknownFieldSet.newBuilder()
            .addField(
                1,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFrom(bytes))
                    .build())
            .build()
            .toByteArray();
  }

  /** What a message is that says nothing: a ping-pong call has one in any case. */
  static byte[] empty(Codec codec) {
    return codec == Codec.THRIFT ? new byte[] {0} : new byte[0];
  }

  /**
   * Reads one.
   *
   * @throws AssertionError if the message is something else
   */
  static String decode(Codec codec, byte[] message) {
    return codec == Codec.THRIFT ? ofStruct(message) : ofMessage(message);
  }

  private static String ofStruct(byte[] message) {
    ByteBuffer in = ByteBuffer.wrap(message);
    int length = message.length <= FIELD_HEAD || in.get() != STRING ? -1 : in.getInt(3);
    if (length != message.length - FIELD_HEAD - 1) {
      throw new AssertionError("no Thrift struct of one text, but " + message.length + " bytes");
    }
    return new String(message, FIELD_HEAD, length, StandardCharsets.UTF_8);
  }

  private static String ofMessage(byte[] message) {
    try {
      var texts = UnknownFieldSet.parseFrom(message).getField(1).getLengthDelimitedList();
      if (texts.size() == 1) {
        return texts.get(0).toStringUtf8();
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("no Protobuf message: " + e.getMessage(), e);
    }
    throw new AssertionError(
        "no Protobuf message with one text in field 1, but " + message.length + " bytes");
  }
}
