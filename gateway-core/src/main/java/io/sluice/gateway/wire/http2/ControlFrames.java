package io.sluice.gateway.wire.http2;

/** How many frames that belong to no call a peer may send on account of what was sent to it. */
public final class ControlFrames {
  /** The window of stream and connection, and a ping, for something that was sent. */
  private static final int ANSWERS = 3;

  /** Some peers give back the window of each frame, however short. */
  private static final int BYTES_PER_ANSWER = 4096;

  /** What may be on its way when a stream ends, in frames of 4 KiB. */
  public static final int ON_THEIR_WAY = Http2Codecs.STREAM_WINDOW / BYTES_PER_ANSWER;

  private ControlFrames() {}

  /** Those that may answer a frame with so many bytes of a message. */
  public static int answersTo(int bytes) {
    return ANSWERS + bytes / BYTES_PER_ANSWER;
  }
}
