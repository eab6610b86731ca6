package io.sluice.testkit;

import io.sluice.api.Codec;

/**
 * A call of a streaming protocol, while it is open: {@link TestGateway#open}. To be used by one
 * thread; what waits, waits for 20 s at most.
 */
public final class CallStream implements AutoCloseable {
  private final CallerSide side;
  private final Codec codec;

  CallStream(CallerSide side, Codec codec) {
    this.side = side;
    this.codec = codec;
  }

  /** Says a message that is one text: see {@link Request#text}. */
  public CallStream send(String text) {
    return send(Texts.encode(codec, text));
  }

  /** Says a message. */
  public CallStream send(byte[] message) {
    side.send(message.clone());
    return this;
  }

  /** Says that the caller has said all. */
  public CallStream halfClose() {
    side.halfClose();
    return this;
  }

  /** Gives the call up; does nothing if it is over. */
  public void cancel() {
    side.cancel();
  }

  /**
   * Waits for the next message, and reads its text.
   *
   * @throws AssertionError if the call ends, nothing comes, or the message is something else
   */
  public String next() {
    return Texts.decode(codec, nextMessage());
  }

  /**
   * Waits for the next message.
   *
   * @throws AssertionError if the call ends, or nothing comes
   */
  public byte[] nextMessage() {
    return side.next();
  }

  /**
   * Waits for the end of the call.
   *
   * @return how it ended, with the messages that were not asked for before
   * @throws AssertionError if it does not end
   */
  public Reply end() {
    return side.reply();
  }

  /** Gives the call up, if it is not over. */
  @Override
  public void close() {
    cancel();
  }
}
