package io.sluice.gateway.wire.http2;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Stream;

/** The windows that the gateway and its peer give each other on each stream. */
public final class StreamWindow {
  private StreamWindow() {}

  /**
   * Gives back what has been taken of a stream; what is over needs no window. Straight to the
   * codec, as a frame for each part would pass the pipeline only for most of them to be saved up
   * there.
   *
   * @param bytes not more than have come and were not given back
   * @return whether a WINDOW_UPDATE was written, which is to be flushed
   */
  public static boolean giveBack(Http2FrameCodec codec, Http2FrameStream stream, int bytes) {
    Http2Stream open = codec.connection().stream(stream.id());
    if (open == null || bytes == 0) {
      return false;
    }
    try {
      return codec.connection().local().flowController().consumeBytes(open, bytes);
    } catch (Http2Exception e) {
      throw new IllegalStateException("window of stream " + stream.id(), e);
    }
  }

  /**
   * Whether the peer's windows, or the channel, leave too little room for what was written and has
   * not left, so that the last of it is certain to wait.
   *
   * @param unsent bytes of the stream
   * @param unsentOfAll bytes of all streams of the connection
   */
  public static boolean holdsUp(
      Http2FrameCodec codec, Http2FrameStream stream, long unsent, long unsentOfAll) {
    Http2Connection connection = codec.connection();
    Http2Stream open = connection.stream(stream.id());
    if (open == null) {
      return false;
    }
    Http2RemoteFlowController windows = connection.remote().flowController();
    return windows.windowSize(open) < unsent
        || windows.windowSize(connection.connectionStream()) < unsentOfAll
        || !windows.channelHandlerContext().channel().isWritable();
  }
}
