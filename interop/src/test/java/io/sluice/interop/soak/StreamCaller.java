package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;

/**
 * A connection with many streams, each of {@code InteropStream}. All that is done with it, and all
 * that it tells, is on its loop. What is said leaves with the next {@link #flush}.
 */
interface StreamCaller {
  /** Hears of the streams. */
  interface Listener {
    /**
     * @param message not released
     */
    void heard(Talk talk, ByteBuf message);

    /** The other side has ended the stream, which is no more. */
    void ended(Talk talk, boolean ok, String why);

    /** Something came that may not come, or the gateway has closed the connection. */
    void fault(String text);
  }

  Crowd.Kind kind();

  /** Opens a stream. */
  void open(Talk talk);

  /** Says something. */
  void say(Talk talk, byte[] message);

  /** Says that this was all. */
  void halfClose(Talk talk);

  /** Gives it up; nothing more is told of it. */
  void cancel(Talk talk);

  /** Sends what has been said. */
  void flush();

  /** Closes without a word; nothing more is told of any stream. */
  void cut();
}
