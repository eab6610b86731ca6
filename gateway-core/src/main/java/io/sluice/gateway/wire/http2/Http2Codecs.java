package io.sluice.gateway.wire.http2;

import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;

/**
 * Makes the frame codecs. Their connection window is given back as data arrives and the window of a
 * stream when its data has been passed on, so that one stalled stream never stops its neighbours.
 */
public final class Http2Codecs {
  /** Bytes of one stream that may be on their way through the gateway. */
  public static final int STREAM_WINDOW = 256 * 1024;

  /** Added to the connection's window, which is otherwise 64 KiB a round trip. */
  public static final int CONNECTION_WINDOW = 8 << 20;

  /** Resets that a peer may cause in 30 s; callers that cancel much are honest. */
  private static final int MAX_RESETS = 20_000;

  private static final int RESET_SECONDS = 30;

  private Http2Codecs() {}

  /**
   * For the side of the callers. Streams whose header list is not as RFC 9113, 8.2 and 8.3 want it
   * are reset, but for the values of headers, which pass as they are.
   *
   * @param maxHeaderList bytes
   */
  public static Http2FrameCodec server(int maxHeaderList, int maxStreams) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .maxConcurrentStreams(maxStreams)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    return finish(
        Http2FrameCodecBuilder.forServer()
            .validateHeaders(true)
            .validateRequiredPseudoHeaders(true),
        settings);
  }

  /**
   * For the side of the downstreams.
   *
   * @param maxHeaderList bytes
   */
  public static Http2FrameCodec client(int maxHeaderList) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .pushEnabled(false)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    return finish(Http2FrameCodecBuilder.forClient().validateHeaders(false), settings);
  }

  private static Http2FrameCodec finish(Http2FrameCodecBuilder builder, Http2Settings settings) {
    Http2FrameCodec codec =
        builder
            .initialSettings(settings)
            .gracefulShutdownTimeoutMillis(0)
            .decoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
            .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS, RESET_SECONDS)
            .build();
    Http2Connection connection = codec.connection();
    connection
        .local()
        .flowController(
            new DefaultHttp2LocalFlowController(connection, 0.5f, true)
                .frameWriter(codec.encoder().frameWriter()));
    return codec;
  }
}
