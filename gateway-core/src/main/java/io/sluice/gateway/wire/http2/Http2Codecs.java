package io.sluice.gateway.wire.http2;

import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;

/**
 * Makes the frame codecs. They refuse what HTTP/2 calls malformed. Their connection window is given
 * back as data arrives and the window of a stream when its data has been passed on, so that one
 * stalled stream never stops its neighbours.
 */
public final class Http2Codecs {
  /** Bytes of one stream that may be on their way through the gateway. */
  public static final int STREAM_WINDOW = 256 * 1024;

  /** Added to the connection's window, which is otherwise 64 KiB a round trip. */
  public static final int CONNECTION_WINDOW = 8 << 20;

  /**
   * What a stream gets at least when streams share a window: a frame, for fewer and larger ones.
   */
  private static final int SHARE = 16 * 1024;

  /** From downstreams, one after another; those of callers are counted with their other frames. */
  private static final int MAX_EMPTY_DATA = 100;

  private Http2Codecs() {}

  /**
   * For the side of the callers. Streams whose header list is not as RFC 9113, 8.2 and 8.3 want it
   * are reset, but for the values of headers, which pass as they are. Refuses a header list in too
   * many pieces; whoever uses it counts all else that a caller may flood a connection with.
   *
   * @param maxHeaderList bytes
   */
  public static Http2FrameCodec server(int maxHeaderList, int maxStreams, ResetListener resets) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .maxConcurrentStreams(maxStreams)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    return new Builder(true, settings, resets).build();
  }

  /**
   * For the side of the downstreams. Whoever uses it counts what they may flood a connection with,
   * but for header lists in too many pieces and empty data.
   *
   * @param maxHeaderList bytes
   */
  public static Http2FrameCodec client(int maxHeaderList, ResetListener resets) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .pushEnabled(false)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    return new Builder(false, settings, resets).build();
  }

  private static Http2Connection connection(boolean server) {
    Http2Connection connection = new DefaultHttp2Connection(server);
    if (!server) {
      // Nothing is to be pushed.
      connection.remote().maxActiveStreams(0);
    }
    connection.local().flowController(new DefaultHttp2LocalFlowController(connection, 0.5f, true));
    // Not by weights: nobody sends them, and a tree of them is work that a peer could make.
    UniformStreamByteDistributor distributor = new UniformStreamByteDistributor(connection);
    distributor.minAllocationChunk(SHARE);
    connection
        .remote()
        .flowController(new DefaultHttp2RemoteFlowController(connection, distributor));
    return connection;
  }

  private static final class Builder extends Http2FrameCodecBuilder {
    private final boolean server;
    private final ResetListener resets;

    Builder(boolean server, Http2Settings settings, ResetListener resets) {
      this.server = server;
      this.resets = resets;
      connection(Http2Codecs.connection(server));
      initialSettings(settings);
      gracefulShutdownTimeoutMillis(0);
      validateHeaders(true);
      validateRequiredPseudoHeaders(true);
      // These count what honest peers do as well, and do not set it against the calls they make.
      decoderEnforceMaxRstFramesPerWindow(0, 0);
      encoderEnforceMaxRstFramesPerWindow(0, 0);
      decoderEnforceMaxConsecutiveEmptyDataFrames(server ? 0 : MAX_EMPTY_DATA);
    }

    @Override
    public boolean isServer() {
      return server;
    }

    @Override
    protected Http2FrameCodec build(
        Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
      return new ToldFrameCodec(encoder, decoder, settings, resets);
    }
  }
}
