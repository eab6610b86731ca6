package io.sluice.demo;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import java.io.IOException;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Consumer;
import org.apache.thrift.TException;

/** What an embedded service says in one call, whatever the protocol. */
final class Conversation {
  private final Kind kind;
  private final Codec codec;
  private final Protocol protocol;
  private final Map<String, String> metadata;
  private final Consumer<byte[]> answers;
  private final StringJoiner heard = new StringJoiner(" ");

  /**
   * @param metadata that came with the call
   * @param answers takes each message of the service
   */
  Conversation(
      Kind kind,
      Codec codec,
      Protocol protocol,
      Map<String, String> metadata,
      Consumer<byte[]> answers) {
    this.kind = kind;
    this.codec = codec;
    this.protocol = protocol;
    this.metadata = metadata;
    this.answers = answers;
  }

  /** A message has come. */
  void hear(byte[] message) throws IOException, TException {
    String text = TextMessage.read(codec, message, TextStruct.ARGUMENT);
    if (kind == Kind.BIDI) {
      say(text);
    } else {
      heard.add(text);
    }
  }

  /** No more will come: only now is it certain that this was all. */
  void halfClose() throws TException {
    String all = heard.toString();
    switch (kind) {
      case UNARY, CLIENT -> say(all);
      case SERVER -> {
        for (String word : all.split(" ")) {
          say(word);
        }
      }
      case BIDI -> {}
    }
  }

  private void say(String message) throws TException {
    Answer answer = new Answer(message, protocol, metadata);
    answers.accept(TextMessage.bytes(codec, kind.answerField(), answer.text()));
  }
}
