package io.sluice.testkit;

import io.sluice.api.BizStatus;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a caller was answered, as its protocol tells it.
 *
 * @param codec how the messages are encoded
 * @param messages without any framing; none if a ping-pong call did not end well
 * @param status {@link Status.Code#OK}; else as the caller sees it: {@link Status.Code#GRPC} with
 *     its number by gRPC, {@link Status.Code#EXCEPTION} with its type by all others, or {@link
 *     Status.Code#UNAVAILABLE} if the connection was lost
 * @param bizStatus the service's own verdict, or null
 * @param metadata what came before the messages; of a repeated key the last value
 * @param trailers what came behind them; of a repeated key the last value
 */
public record Reply(
    Codec codec,
    List<byte[]> messages,
    Status status,
    @Nullable BizStatus bizStatus,
    Map<String, String> metadata,
    Map<String, String> trailers) {
  public Reply {
    messages = List.copyOf(messages);
    metadata = Map.copyOf(metadata);
    trailers = Map.copyOf(trailers);
  }

  /** Whether the call ended well. */
  public boolean isOk() {
    return status.isOk();
  }

  /**
   * The text of the only message: see {@link Request#text}.
   *
   * @throws AssertionError if there is not one message, or it is something else
   */
  public String text() {
    if (messages.size() != 1) {
      throw new AssertionError(messages.size() + " messages in place of one, and " + status);
    }
    return texts().get(0);
  }

  /**
   * The texts of all messages: see {@link Request#text}.
   *
   * @throws AssertionError if one is something else
   */
  public List<String> texts() {
    return messages.stream().map(message -> Texts.decode(codec, message)).toList();
  }
}
