package io.sluice.demo;

import com.google.protobuf.StringValue;
import io.sluice.api.Codec;
import java.io.IOException;
import org.apache.thrift.TException;

/** A message that is one text: {@link TextStruct} in Thrift, {@code StringValue} in Protobuf. */
final class TextMessage {
  private TextMessage() {}

  /**
   * @param id of the text in the Thrift struct
   */
  static byte[] bytes(Codec codec, short id, String text) throws TException {
    return codec == Codec.PROTOBUF
        ? StringValue.of(text).toByteArray()
        : TextStruct.bytes(id, text);
  }

  /**
   * @param id of the text in the Thrift struct
   */
  static String read(Codec codec, byte[] bytes, short id) throws IOException, TException {
    return codec == Codec.PROTOBUF
        ? StringValue.parseFrom(bytes).getValue()
        : TextStruct.read(bytes, id);
  }
}
