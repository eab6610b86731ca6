package io.sluice.gateway.wire.ttstream;

import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;

/** What a frame of a stream is, by its int key 27 ({@code ttstream/frame.go}). */
public enum FrameType {
  /** From a proxy to a client, beside the stream. */
  META,
  /** Opens a direction. */
  HEADER,
  /** One message. */
  DATA,
  /** Ends a direction; from the server, the stream. */
  TRAILER,
  /** Gives the stream up. */
  RST,
  /** None that is known; to be left alone. */
  UNKNOWN;

  private static final FrameType[] BY_CODE = {UNKNOWN, META, HEADER, DATA, TRAILER, RST};

  String code() {
    return Integer.toString(ordinal() + 1);
  }

  /** Whether the entry is a key of every frame, and so nothing that its sender says of a stream. */
  public static boolean isOfEveryFrame(Headers headers, int entry) {
    return headers.isIntKey(entry)
        && (headers.intKey(entry) == TTHeaderKeys.TO_METHOD
            || headers.intKey(entry) == TTHeaderKeys.FRAME_TYPE);
  }

  static FrameType of(Headers headers) {
    for (int i = headers.count() - 1; i >= 0; i--) {
      if (headers.isIntKey(i) && headers.intKey(i) == TTHeaderKeys.FRAME_TYPE) {
        Integer code = TTHeader.decimal(headers, i);
        return code != null && code > 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
      }
    }
    return UNKNOWN;
  }
}
