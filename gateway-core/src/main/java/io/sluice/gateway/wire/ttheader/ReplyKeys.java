package io.sluice.gateway.wire.ttheader;

import io.sluice.api.BizStatus;
import io.sluice.gateway.call.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Takes out of a reply's header, or of a stream's trailer, what is not metadata: the business
 * status and what speaks of the connection.
 */
public final class ReplyKeys {
  private @Nullable Integer bizCode;
  private String bizMessage = "";
  private @Nullable String bizExtra;
  private boolean connectionEnds;

  private ReplyKeys() {}

  /** Reads and removes; {@code headers} keeps the rest. */
  public static ReplyKeys take(Headers headers) {
    ReplyKeys keys = new ReplyKeys();
    headers.removeIf(keys::takes);
    return keys;
  }

  private boolean takes(Headers headers, int entry) {
    if (headers.isIntKey(entry)) {
      int key = headers.intKey(entry);
      return key == TTHeaderKeys.MESSAGE_TYPE || key == TTHeaderKeys.FRAME_TYPE;
    }
    if (RequestKeys.isKey(headers, entry, TTHeaderKeys.BIZ_STATUS)) {
      bizCode = TTHeader.decimal(headers, entry);
    } else if (RequestKeys.isKey(headers, entry, TTHeaderKeys.BIZ_MESSAGE)) {
      bizMessage = headers.value(entry);
    } else if (RequestKeys.isKey(headers, entry, TTHeaderKeys.BIZ_EXTRA)) {
      bizExtra = headers.value(entry);
    } else if (RequestKeys.isKey(headers, entry, TTHeaderKeys.CONNECTION_ENDS)) {
      connectionEnds = true;
    } else {
      return RequestKeys.isKey(headers, entry, TTHeaderKeys.REAL_ADDRESS)
          || RequestKeys.isKey(headers, entry, TTHeaderKeys.SERVICE);
    }
    return true;
  }

  /** The service's own verdict, or null. */
  public @Nullable BizStatus bizStatus() {
    return bizCode == null || bizCode == 0 ? null : new BizStatus(bizCode, bizMessage, bizExtra);
  }

  /** Whether the peer is about to close this connection. */
  public boolean connectionEnds() {
    return connectionEnds;
  }

  /** Puts a business status among the keys of a trailer. */
  public static void add(Headers headers, BizStatus status) {
    headers.add(TTHeaderKeys.BIZ_STATUS, Integer.toString(status.code()));
    headers.add(TTHeaderKeys.BIZ_MESSAGE, status.message());
    if (status.extra() != null) {
      headers.add(TTHeaderKeys.BIZ_EXTRA, status.extra());
    }
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
