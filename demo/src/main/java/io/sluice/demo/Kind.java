package io.sluice.demo;

import io.sluice.api.Codec;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Which messages a call has each way. An embedded service knows it by the method's name. */
enum Kind {
  /** One each way. */
  UNARY("get", List.of("hello"), List.of("hello")),
  /** Many, answered by one that holds them all. */
  CLIENT("put", List.of("one", "two", "three"), List.of("one two three")),
  /** One, answered word by word. */
  SERVER("list", List.of("one two three"), List.of("one", "two", "three")),
  /** Many, each answered at once. */
  BIDI("talk", List.of("one", "two", "three"), List.of("one", "two", "three"));

  private final String method;
  private final List<String> messages;
  private final List<String> answers;

  Kind(String method, List<String> messages, List<String> answers) {
    this.method = method;
    this.messages = messages;
    this.answers = answers;
  }

  /** That of a method, whatever the case of its name; unary if it has no name of ours. */
  static Kind of(String method) {
    return Arrays.stream(values())
        .filter(kind -> kind.method.equalsIgnoreCase(method))
        .findFirst()
        .orElse(UNARY);
  }

  /** The method's name as it is usual in an IDL: {@code get} in Thrift, {@code Get} in Protobuf. */
  String method(Codec codec) {
    return codec == Codec.THRIFT
        ? method
        : method.substring(0, 1).toUpperCase(Locale.ROOT) + method.substring(1);
  }

  /** What the demo says in a call. */
  List<String> messages() {
    return messages;
  }

  /** What a service answers to that. */
  List<String> answers() {
    return answers;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The id of the text in a Thrift answer: a unary call has the struct of a result around it, a
   * stream has the bare struct.
   */
  short answerField() {
    return this == UNARY ? TextStruct.RESULT : TextStruct.ARGUMENT;
  }
}
