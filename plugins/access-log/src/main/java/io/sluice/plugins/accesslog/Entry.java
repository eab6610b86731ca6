package io.sluice.plugins.accesslog;

import io.sluice.api.BizStatus;
import io.sluice.api.Call;
import io.sluice.api.Call.Phase;
import io.sluice.api.Codec;
import io.sluice.api.Outcome;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a line says of one call. Holds nothing of the call itself, and texts of callers and
 * downstreams only so far as they are written, so that a full queue has a bound in bytes too.
 */
final class Entry {
  /** Letters of a name that are written at most. */
  static final int MAX_NAME = 256;

  /** Letters of a status' text that are written at most. */
  static final int MAX_TEXT = 512;

  final long endMillis = System.currentTimeMillis();
  final Protocol protocol;
  final Codec codec;
  final String listener;
  final SocketAddress peer;
  final String caller;
  final String callerMethod;
  final String identity;
  final String packageName;
  final String service;
  final String method;
  final String route;
  final String cluster;

  /** Null if the call did not go out. */
  final @Nullable Protocol outbound;

  final String endpoint;
  final int attempts;
  final long requestBytes;
  final long responseBytes;

  /** Only streams count them. */
  final long requestMessages;

  final long responseMessages;

  /** Nanoseconds since the call's start; -1 if it did not come so far. */
  final long routed;

  final long connected;
  final long sent;
  final long answered;
  final long firstMessage;
  final long ended;

  final Status.Code status;
  final int statusNumber;
  final String statusText;
  final boolean business;
  final int businessCode;
  final Outcome.Party endedBy;
  final String filter;

  /** For {@link EntryQueue}. */
  @Nullable Entry next;

  /** For {@link EntryQueue}. */
  int depth;

  Entry(Call call, Outcome outcome) {
    protocol = call.protocol();
    codec = call.codec();
    listener = call.listener();
    peer = call.peer();
    caller = clip(call.caller(), MAX_NAME);
    callerMethod = clip(call.callerMethod(), MAX_NAME);
    identity = call.identity();
    packageName = clip(call.packageName(), MAX_NAME);
    service = clip(call.service(), MAX_NAME);
    method = clip(call.method(), MAX_NAME);
    route = call.route();
    cluster = call.cluster();
    outbound = call.outboundProtocol();
    endpoint = call.endpoint();
    attempts = call.attempts();
    requestBytes = call.requestBytes();
    responseBytes = call.responseBytes();
    requestMessages = call.requestMessages();
    responseMessages = call.responseMessages();
    routed = call.nanosTo(Phase.ROUTED);
    connected = call.nanosTo(Phase.CONNECTED);
    sent = call.nanosTo(Phase.SENT);
    answered = call.nanosTo(Phase.ANSWERED);
    firstMessage = call.nanosTo(Phase.FIRST_MESSAGE);
    ended = call.nanosTo(Phase.ENDED);
    Status s = outcome.status();
    status = s.code();
    statusNumber = s.number();
    statusText = clip(s.text(), MAX_TEXT);
    BizStatus biz = outcome.bizStatus();
    business = biz != null;
    businessCode = biz == null ? 0 : biz.code();
    endedBy = outcome.endedBy();
    filter = outcome.filter();
  }

  /** When the call's head had been read, in milliseconds since 1970. */
  long startMillis() {
    return endMillis - TimeUnit.NANOSECONDS.toMillis(ended);
  }

  private static String clip(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most);
  }
}
