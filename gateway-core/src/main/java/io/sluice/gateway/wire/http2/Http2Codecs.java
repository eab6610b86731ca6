package io.sluice.gateway.wire.http2;

import io.netty.channel.ChannelHandler;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2ConnectionDecoder;
import io.netty.handler.codec.http2.DefaultHttp2FrameReader;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2LocalFlowController;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2PromisedRequestVerifier;
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

  /** Added to the connection's window, which all streams share, and which is 64 KiB otherwise. */
  public static final int CONNECTION_WINDOW = 8 << 20;

  /**
   * What a stream gets at least when streams share a window: a frame, for fewer and larger ones.
   */
  private static final int SHARE = 16 * 1024;

  /** Pieces of a header list that are no whole frame. */
  private static final int MAX_SMALL_CONTINUATIONS = 16;

  private Http2Codecs() {}

  /**
   * The handlers that make frames of bytes, and bytes of frames.
   *
   * @param gather between the channel and the codec
   */
  public record Handlers(ChannelHandler gather, Http2FrameCodec codec) {}

  /**
   * For the side of the callers. Streams whose header list is not as RFC 9113, 8.2 and 8.3 want it
   * are reset. Refuses a header list in too many pieces; whoever uses it counts all else that a
   * caller may flood a connection with.
   *
   * @param maxHeaderList bytes
   */
  public static Handlers server(int maxHeaderList, int maxStreams, ResetListener resets) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .maxConcurrentStreams(maxStreams)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    Http2Connection connection = connection(true);
    // At once, not only when the caller has acknowledged it.
    connection.remote().maxActiveStreams(maxStreams);
    FrameGather gather = new FrameGather();
    Http2ConnectionEncoder encoder = encoder(connection, gather);
    Http2FrameCodec codec =
        new ToldFrameCodec(encoder, decoder(connection, encoder, maxHeaderList), settings, resets);
    codec.gracefulShutdownTimeoutMillis(0);
    return new Handlers(gather, codec);
  }

  /**
   * For the side of the downstreams. Whoever uses it counts what they may flood a connection with,
   * but for header lists in too many pieces.
   *
   * @param maxHeaderList bytes
   */
  public static Handlers client(int maxHeaderList, ResetListener resets) {
    Http2Settings settings =
        Http2Settings.defaultSettings()
            .pushEnabled(false)
            .initialWindowSize(STREAM_WINDOW)
            .maxHeaderListSize(maxHeaderList);
    Http2Connection connection = connection(false);
    FrameGather gather = new FrameGather();
    Http2ConnectionEncoder encoder = encoder(connection, gather);
    Http2FrameCodec codec =
        new ToldFrameCodec(encoder, decoder(connection, encoder, maxHeaderList), settings, resets);
    codec.gracefulShutdownTimeoutMillis(0);
    return new Handlers(gather, codec);
  }

  private static Http2ConnectionEncoder encoder(Http2Connection connection, FrameGather gather) {
    return new ControlFrameLimit(new DataEncoder(connection, new GatheringFrameWriter(gather)));
  }

  private static Http2ConnectionDecoder decoder(
      Http2Connection connection, Http2ConnectionEncoder encoder, int maxHeaderList) {
    return new DefaultHttp2ConnectionDecoder(
        connection,
        encoder,
        new DefaultHttp2FrameReader(
            new DefaultHttp2HeadersDecoder(true, maxHeaderList), MAX_SMALL_CONTINUATIONS),
        Http2PromisedRequestVerifier.ALWAYS_VERIFY,
        true,
        true,
        true,
        true);
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
}
