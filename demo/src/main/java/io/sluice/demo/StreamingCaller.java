package io.sluice.demo;

import io.sluice.api.Codec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client whose calls are streams to the wire, those with one message each way too. */
abstract class StreamingCaller implements Caller {
  private final Kind kind;
  private final Codec codec;

  StreamingCaller(Kind kind, Codec codec) {
    this.kind = kind;
    this.codec = codec;
  }

  @Override
  public final Reply call(List<String> messages) throws Exception {
    open();
    List<Answer> answers = new ArrayList<>();
    for (String message : messages) {
      send(TextMessage.bytes(codec, TextStruct.ARGUMENT, message));
      if (kind == Kind.BIDI) {
        byte[] answer = receive();
        if (answer == null) {
          throw new IOException("the stream ended after " + answers.size() + " answers");
        }
        answers.add(read(answer));
      }
    }
    halfClose();
    for (byte[] answer = receive(); answer != null; answer = receive()) {
      answers.add(read(answer));
    }
    return new Reply(answers, metadata());
  }

  private Answer read(byte[] answer) throws Exception {
    return Answer.parse(TextMessage.read(codec, answer, kind.answerField()));
  }

  /** Begins a call. */
  abstract void open() throws Exception;

  abstract void send(byte[] message) throws Exception;

  abstract void halfClose() throws Exception;

  /**
   * The next message; null if the call has ended well.
   *
   * @throws Exception that tells how it has ended, if not well
   */
  abstract byte @Nullable [] receive() throws Exception;

  /** What came beside the answers, by {@link Answer#userKeys}; to be asked at the end. */
  abstract Map<String, String> metadata();
}
