package io.sluice.gateway.wire.http2;

/** Hears of the streams of a connection that this side resets, whoever wants it. */
@FunctionalInterface
public interface ResetListener {

  /**
   * A stream is being reset. Runs on the loop.
   *
   * @param open false if frames came for a stream that is over
   * @param errorCode of HTTP/2
   */
  void resets(boolean open, long errorCode);
}
