package io.sluice.gateway.wire.http2;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.Map;

/**
 * An encoder that leaves nothing out when a list is too long for the peer. Netty's has written by
 * then that the table has another size, if it has, and does not write it again: what it writes
 * after that, the peer would read by the wrong table.
 */
final class SteadyHeadersEncoder extends DefaultHttp2HeadersEncoder {
  /** What an entry counts for beside its bytes (RFC 9113, 6.5.2). */
  private static final int ENTRY = 32;

  private boolean tableChanged;

  @Override
  public void maxHeaderTableSize(long max) throws Http2Exception {
    super.maxHeaderTableSize(max);
    tableChanged = true;
  }

  @Override
  public void encodeHeaders(int streamId, Http2Headers headers, ByteBuf buffer)
      throws Http2Exception {
    if (tableChanged) {
      checkSize(streamId, headers);
      tableChanged = false;
    }
    super.encodeHeaders(streamId, headers, buffer);
  }

  private void checkSize(int streamId, Http2Headers headers) throws Http2Exception {
    long size = 0;
    for (Map.Entry<CharSequence, CharSequence> entry : headers) {
      size += entry.getKey().length() + entry.getValue().length() + ENTRY;
    }
    if (size > maxHeaderListSize()) {
      Http2CodecUtil.headerListSizeExceeded(streamId, maxHeaderListSize(), false);
    }
  }
}
