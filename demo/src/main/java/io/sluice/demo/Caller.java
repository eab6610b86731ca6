package io.sluice.demo;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A client of the gateway, on a connection of its own that all its calls share. */
interface Caller extends AutoCloseable {
  /** How long a caller waits for anything. */
  int TIMEOUT_MILLIS = 5000;

  /** What each caller sends beside its messages where its protocol can. */
  Map<String, String> METADATA = Map.of("x-caller", "demo");

  /** The name that every caller gives itself where its protocol has a place for it. */
  String NAME = "demo";

  /**
   * Makes one call. On a stream both ways each message waits for the answer to the one before it,
   * so that both directions are seen to be open at once.
   *
   * @param messages as many as the call's {@link Kind} has
   */
  Reply call(List<String> messages) throws Exception;

  @Override
  void close() throws IOException;

  /**
   * What a call brought back.
   *
   * @param metadata what came beside the answers, by {@link Answer#userKeys}
   */
  record Reply(List<Answer> answers, Map<String, String> metadata) {}
}
