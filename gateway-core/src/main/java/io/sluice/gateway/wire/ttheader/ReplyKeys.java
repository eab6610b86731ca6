package io.sluice.gateway.wire.ttheader;

import io.sluice.api.BizStatus;
import io.sluice.gateway.call.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a reply's header, or of a stream's trailer, what is not metadata: the business
 * status and what speaks of the connection.
 */
public final class ReplyKeys {
  private @Nullable BizStatus bizStatus;
  private boolean connectionEnds;

  private ReplyKeys() {}

  /** Reads and removes; {@code headers} keeps the rest. */
  public static ReplyKeys take(Headers headers) {
    ReplyKeys keys = new ReplyKeys();
    Integer code = null;
    String message = "";
    String extra = null;
    for (int i = 0; i < headers.count(); ) {
      boolean taken = true;
      if (headers.isIntKey(i)) {
        int key = headers.intKey(i);
        taken = key == TTHeaderKeys.MESSAGE_TYPE || key == TTHeaderKeys.FRAME_TYPE;
      } else if (RequestKeys.isKey(headers, i, TTHeaderKeys.BIZ_STATUS)) {
        code = TTHeader.decimal(headers, i);
      } else if (RequestKeys.isKey(headers, i, TTHeaderKeys.BIZ_MESSAGE)) {
        message = headers.value(i);
      } else if (RequestKeys.isKey(headers, i, TTHeaderKeys.BIZ_EXTRA)) {
        extra = headers.value(i);
      } else if (RequestKeys.isKey(headers, i, TTHeaderKeys.CONNECTION_ENDS)) {
        keys.connectionEnds = true;
      } else {
        taken =
            RequestKeys.isKey(headers, i, TTHeaderKeys.REAL_ADDRESS)
                || RequestKeys.isKey(headers, i, TTHeaderKeys.SERVICE);
      }
      if (taken) {
        headers.removeAt(i);
      } else {
        i++;
      }
    }
    if (code != null && code != 0) {
      keys.bizStatus = new BizStatus(code, message, extra);
    }
    return keys;
  }

  /** The service's own verdict, or null. */
  public @Nullable BizStatus bizStatus() {
    return bizStatus;
  }

  /** Whether the peer is about to close this connection. */
  public boolean connectionEnds() {
    return connectionEnds;
  }

  /** Writes a business status; nothing for null. */
  public static void write(TTHeaderWriter out, @Nullable BizStatus status) {
    if (status == null) {
      return;
    }
    out.string(TTHeaderKeys.BIZ_STATUS, Integer.toString(status.code()));
    out.string(TTHeaderKeys.BIZ_MESSAGE, status.message());
    if (status.extra() != null) {
      out.string(TTHeaderKeys.BIZ_EXTRA, status.extra());
    }
  }
}
