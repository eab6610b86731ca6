package io.sluice.gateway.server;

import io.netty.buffer.ByteBuf;
import io.sluice.api.BizStatus;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.ReplyKeys;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The inbound leg of one ping-pong call, which answers in the framing and codec of the request. A
 * reply that may not be mixed with others is gathered and then written whole. Used again, where
 * calls come one after another.
 */
final class PingPongCall implements ResponseSink {
  private static final Headers NO_HEADERS = new Headers(Headers.Dialect.TTHEADER);

  private final PingPongServer connection;
  private RpcCall call;

  /** Where the request goes; null once the call has ended. */
  private @Nullable RequestSink request;

  private boolean multiplexed;
  private @Nullable CheckedPayload checksum;
  private boolean ended;

  /** Its place among the open calls of the connection, or -1. */
  private int place = -1;

  /** Bytes of memory that its metadata occupied when it began. */
  private int headerBytes;

  /** Bytes of the request that are on their way to the downstream. */
  private int window;

  /** What the caller is told in place of a reply that it could not understand, or null. */
  private @Nullable Status instead;

  /** The reply, held back until the end is certain; most are in this one part. */
  private @Nullable ByteBuf held;

  /** More parts of a reply that is gathered. */
  private @Nullable ArrayDeque<ByteBuf> heldMore;

  private int gathered;
  private boolean replyBegun;
  private long replyRemaining;
  private int unacknowledged;

  /** Metadata of the exception that is being written. */
  private Headers trailers = NO_HEADERS;

  PingPongCall(PingPongServer connection) {
    this.connection = connection;
  }

  // The request, as the connection reads it.

  /**
   * Takes on a call.
   *
   * @param multiplexed whether others may be open beside it
   * @param checksum checks the request and seals the reply, or null
   */
  void begin(
      RpcCall next, boolean multiplexed, @Nullable CheckedPayload checksum, CallHandler calls) {
    call = next;
    headerBytes = next.headers().footprint();
    this.multiplexed = multiplexed;
    this.checksum = checksum;
    ended = false;
    window = 0;
    instead = null;
    replyBegun = false;
    unacknowledged = 0;
    RequestSink sink = calls.begin(next, this);
    if (!ended) {
      request = sink;
    }
  }

  /**
   * A part of the request.
   *
   * @param part handed over
   * @throws WireException if the request is not what its checksum says; it is given up
   */
  void requestPart(ByteBuf part, boolean last) {
    if (checksum != null) {
      check(part, last);
    }
    if (request == null) {
      part.release();
      return;
    }
    int weight = Weight.of(part, last);
    window += weight;
    connection.underWay(weight);
    request.requestData(part, last);
    if (last && request != null) {
      request.requestEnd();
    }
  }

  private void check(ByteBuf part, boolean last) {
    try {
      checksum.request(part, last);
    } catch (WireException e) {
      part.release();
      lost(false);
      throw e;
    }
  }

  @Override
  public void requestTaken(int bytes) {
    window -= bytes;
    connection.underWay(-bytes);
    connection.accountLater();
  }

  boolean isMultiplexed() {
    return multiplexed;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Its place among the open calls of the connection; -1 if it is none. */
  int place() {
    return place;
  }

  void place(int place) {
    this.place = place;
  }

  /** Bytes of memory that its metadata occupies. */
  int headerBytes() {
    return headerBytes;
  }

  /**
   * The caller's connection has gone.
   *
   * @param heard whether all of the request had been read
   */
  void lost(boolean heard) {
    RequestSink open = request;
    request = null;
    ended = true;
    drop();
    // A oneway that was heard to its end goes on: its caller may well hang up at once.
    if (open != null && !(heard && call.isOneway())) {
      open.requestCancel(Status.cancelled("the caller's connection was lost"));
    }
  }

  // The reply.

  @Override
  public void responseHead() {
    // Written with the first part, when the length is certain.
    BizStatus biz = call.responseBizStatus();
    if (call.response().codec != call.codec()) {
      instead =
          Status.untranslatable(
              "the downstream answered in "
                  + call.response().codec.label()
                  + ", not in "
                  + call.codec().label());
    } else if (biz != null && !call.protocol().carriesMetadata() && !call.hidesBizStatus()) {
      // There is no place for it, and hiding it would turn it into success.
      instead = Status.exception(6, "biz error: code=" + biz.code() + ", msg=" + biz.message());
    }
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    int weight = Weight.of(part, endOfMessage);
    if (call.isOneway() || instead != null) {
      part.release();
      acknowledge(weight);
      return;
    }
    if (replyBegun) {
      replyRemaining -= part.readableBytes();
      connection.write(part);
    } else if (endOfMessage) {
      hold(part);
      return;
    } else if (multiplexed || checksum != null) {
      hold(part);
      gathered += weight;
      connection.gathered(weight);
    } else {
      beginReply(part);
    }
    if (connection.isWritable()) {
      acknowledge(weight);
    } else {
      unacknowledged += weight;
    }
  }

  private void hold(ByteBuf part) {
    if (held == null) {
      held = part;
      return;
    }
    if (heldMore == null) {
      heldMore = new ArrayDeque<>();
    }
    heldMore.add(part);
  }

  private void acknowledge(int bytes) {
    if (request != null) {
      request.responseTaken(bytes);
    }
  }

  /** The caller reads again. */
  void writable() {
    int bytes = unacknowledged;
    unacknowledged = 0;
    if (bytes > 0) {
      acknowledge(bytes);
    }
  }

  @Override
  public void responseEnd(CallEnd end) {
    request = null;
    ended = true;
    connection.underWay(-window);
    window = 0;
    Status status = end.status();
    if (held != null && status.isOk()) {
      writeHeld();
    } else {
      // A filter may have changed its mind about the reply.
      drop();
    }
    if (call.isOneway()) {
      // Nothing is answered, whatever became of it.
    } else if (replyBegun) {
      if (replyRemaining > 0) {
        connection.refuse("a reply broke off: " + status.text());
        return;
      }
    } else if (!status.isOk()) {
      writeException(status, end.rawTrailers());
    } else if (instead != null) {
      writeException(instead, NO_HEADERS);
    } else {
      writeException(Status.internal("the downstream ended without a reply"), NO_HEADERS);
    }
    connection.ended(this);
  }

  private void writeHeld() {
    ByteBuf first = held;
    held = null;
    beginReply(first);
    while (heldMore != null && !heldMore.isEmpty()) {
      ByteBuf part = heldMore.poll();
      replyRemaining -= part.readableBytes();
      connection.write(part);
    }
    ungather();
  }

  /** Lets go of what was held back. */
  void drop() {
    if (held != null) {
      held.release();
      held = null;
    }
    while (heldMore != null && !heldMore.isEmpty()) {
      heldMore.poll().release();
    }
    ungather();
  }

  private void ungather() {
    connection.gathered(-gathered);
    gathered = 0;
  }

  private void beginReply(ByteBuf part) {
    MessageHead head = call.response();
    replyBegun = true;
    replyRemaining = head.bodyLength - part.readableBytes();
    try {
      write(head, ThriftHead.REPLY, part);
    } catch (WireException e) {
      connection.refuse("its reply cannot be written: " + e.getMessage());
    }
  }

  private void writeException(Status status, Headers trailers) {
    ByteBuf body = connection.allocator().ioBuffer(64 + status.text().length());
    ExceptionBody.write(call.codec(), body, status);
    MessageHead head = new MessageHead();
    head.codec = call.codec();
    head.replacedBy(body.readableBytes());
    this.trailers = trailers;
    try {
      write(head, ThriftHead.EXCEPTION, body);
    } catch (WireException e) {
      connection.refuse("its error cannot be written: " + e.getMessage());
    } finally {
      this.trailers = NO_HEADERS;
    }
  }

  private void write(MessageHead head, int type, ByteBuf part) {
    ByteBuf first =
        connection
            .writer()
            .begin(
                call.protocol(),
                head,
                type,
                call.method(),
                call.request().seqId,
                part,
                type == ThriftHead.REPLY ? PingPongCall::replyKeys : PingPongCall::exceptionKeys,
                this);
    ByteBuf rest = connection.writer().takeRest();
    if (checksum != null) {
      checksum.seal(first, rest, heldMore == null ? List.of() : heldMore);
    }
    connection.write(first);
    if (rest != null) {
      connection.write(rest);
    }
  }

  private static void replyKeys(TTHeaderWriter out, PingPongCall of) {
    RpcCall call = of.call;
    MessageHead head = call.response();
    boolean unchanged =
        head.headAhead > 0
            && head.lengthAhead == (call.protocol() != Protocol.TTHEADER)
            && head.seqId == call.request().seqId;
    ReplyKeys.write(out, call.responseBizStatus());
    of.keys(out, call.responseHeaders(), unchanged, "2");
  }

  private static void exceptionKeys(TTHeaderWriter out, PingPongCall of) {
    of.keys(out, of.trailers, false, "3");
  }

  private void keys(TTHeaderWriter out, Headers headers, boolean unchanged, String messageType) {
    if (checksum != null) {
      checksum.writeKey(out, headers);
    }
    RequestKeys.writeRest(out, headers, unchanged, TTHeaderKeys.MESSAGE_TYPE);
    if (connection.tellsEnd()) {
      out.string(TTHeaderKeys.CONNECTION_ENDS, "1");
    }
    out.integer(TTHeaderKeys.MESSAGE_TYPE, messageType);
  }
}
