package io.sluice.interop.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import io.grpc.Status;
import java.util.List;

/**
 * The messages of {@code grpc.testing.TestService} by the numbers of their fields, as {@code
 * grpc/testing/messages.proto} has them.
 */
final class SuiteMessages {
  /** {@code ResponseParameters.size}, {@code EchoStatus.code}, {@code BoolValue.value}. */
  private static final int FIRST = 1;

  private static final int BODY = 2;
  private static final int RESPONSE_SIZE = 2;
  private static final int RESPONSE_PARAMETERS = 2;
  private static final int STATUS_MESSAGE = 2;
  private static final int REQUEST_PAYLOAD = 3;
  private static final int PARAMETER_COMPRESSED = 3;
  private static final int SERVER_ID = 4;
  private static final int RESPONSE_COMPRESSED = 6;
  private static final int RESPONSE_STATUS = 7;
  private static final int FILL_SERVER_ID = 9;

  private final UnknownFieldSet fields;

  private SuiteMessages(UnknownFieldSet fields) {
    this.fields = fields;
  }

  /** Writes a message field by field. */
  static final class Builder {
    private final UnknownFieldSet.Builder fields = UnknownFieldSet.newBuilder();

    private Builder bytes(int number, ByteString value) {
      fields.mergeField(number, Field.newBuilder().addLengthDelimited(value).build());
      return this;
    }

    private Builder number(int number, long value) {
      fields.mergeField(number, Field.newBuilder().addVarint(value).build());
      return this;
    }

    private Builder message(int number, Builder value) {
      return bytes(number, value.fields.build().toByteString());
    }

    Builder requestPayload(int size) {
      return message(REQUEST_PAYLOAD, payload(size));
    }

    /** Of a response, or of a message that a client streams. */
    Builder firstPayload(int size) {
      return message(FIRST, payload(size));
    }

    Builder responseSize(int size) {
      return number(RESPONSE_SIZE, size);
    }

    Builder responseCompressed() {
      return message(RESPONSE_COMPRESSED, builder().number(FIRST, 1));
    }

    Builder fillServerId() {
      return number(FILL_SERVER_ID, 1);
    }

    Builder serverId(String id) {
      return bytes(SERVER_ID, ByteString.copyFromUtf8(id));
    }

    /** Asks for one more response of a stream. */
    Builder responseOf(int size, boolean compressed) {
      Builder parameters = builder().number(FIRST, size);
      if (compressed) {
        parameters.message(PARAMETER_COMPRESSED, builder().number(FIRST, 1));
      }
      return message(RESPONSE_PARAMETERS, parameters);
    }

    Builder status(int code, String text) {
      return message(
          RESPONSE_STATUS,
          builder().number(FIRST, code).bytes(STATUS_MESSAGE, ByteString.copyFromUtf8(text)));
    }

    Builder aggregated(int size) {
      return number(FIRST, size);
    }

    byte[] build() {
      return fields.build().toByteArray();
    }

    private static Builder payload(int size) {
      return builder().bytes(BODY, ByteString.copyFrom(new byte[size]));
    }
  }

  static Builder builder() {
    return new Builder();
  }

  static SuiteMessages of(byte[] message) {
    return of(ByteString.copyFrom(message));
  }

  private static SuiteMessages of(ByteString message) {
    try {
      return new SuiteMessages(UnknownFieldSet.parseFrom(message));
    } catch (InvalidProtocolBufferException e) {
      throw Status.INTERNAL.withDescription("not Protobuf").withCause(e).asRuntimeException();
    }
  }

  private List<SuiteMessages> messages(int number) {
    return fields.getField(number).getLengthDelimitedList().stream()
        .map(SuiteMessages::of)
        .toList();
  }

  private long number(int number) {
    List<Long> all = fields.getField(number).getVarintList();
    return all.isEmpty() ? 0 : all.get(all.size() - 1);
  }

  private String text(int number) {
    List<ByteString> all = fields.getField(number).getLengthDelimitedList();
    return all.isEmpty() ? "" : all.get(all.size() - 1).toStringUtf8();
  }

  private static int bodyOf(List<SuiteMessages> payloads) {
    return payloads.isEmpty()
        ? 0
        : payloads.get(0).fields.getField(BODY).getLengthDelimitedList().stream()
            .mapToInt(ByteString::size)
            .sum();
  }

  /** The length of the payload of a response, or of a message that a client streams. */
  int firstPayload() {
    return bodyOf(messages(FIRST));
  }

  int responseSize() {
    return (int) number(RESPONSE_SIZE);
  }

  boolean responseCompressed() {
    return messages(RESPONSE_COMPRESSED).stream().anyMatch(value -> value.number(FIRST) == 1);
  }

  boolean fillServerId() {
    return number(FILL_SERVER_ID) == 1;
  }

  String serverId() {
    return text(SERVER_ID);
  }

  int aggregated() {
    return (int) number(FIRST);
  }

  /** The lengths of the responses that a stream asks for. */
  List<Integer> responses() {
    return messages(RESPONSE_PARAMETERS).stream().map(one -> (int) one.number(FIRST)).toList();
  }

  /** What a caller wants to end with; OK if it does not say. */
  Status status() {
    return messages(RESPONSE_STATUS).stream()
        .findFirst()
        .map(
            one ->
                Status.fromCodeValue((int) one.number(FIRST))
                    .withDescription(one.text(STATUS_MESSAGE)))
        .orElse(Status.OK);
  }
}
