package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessagePrefix;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.translate.Translations.Opener;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.grpc.GrpcMessageReader;
import io.sluice.gateway.wire.grpc.GrpcPrefix;
import io.sluice.gateway.wire.grpc.Gunzip;
import org.jspecify.annotations.Nullable;

/**
 * A call on its way between two protocols, of which one is gRPC. What both ways have in common: the
 * leg, the acknowledgements, one message that is being gathered, and the end.
 *
 * <pre>
 *   Exchange ──request──▶ ┌─────────────┐ ──request──▶ outbound leg
 *   Exchange ◀─response── └─────────────┘ ◀─response── outbound leg
 * </pre>
 */
abstract class Translation implements RequestSink, ResponseSink, Budget.Holder {
  /** What a message may grow, by its prefix, without being counted. */
  private static final int SLACK = 1024;

  /**
   * Bytes of messages that may be on their way before more of them are cut out of what the gRPC
   * side has sent, where small ones take much less.
   */
  private static final int WINDOW = 256 * 1024;

  /** A packed message is unpacked to not more than this. */
  private static final int MAX_UNPACKED = 64 << 20;

  /** So much is unpacked in one turn, which takes a millisecond or so; then others have theirs. */
  private static final int PIECE = 256 * 1024;

  private final RpcCall call;
  private final Loop loop;
  private final ResponseSink caller;
  private final Opener opener;

  /** Whether the caller is the side that speaks gRPC. */
  private final boolean fromGrpc;

  private final Credit requests = new Credit();
  private final Credit responses = new Credit();

  /** Of the direction that the gRPC side sends. */
  private final Credit said;

  private final GrpcMessageReader reader;
  private final Gathered gathered;
  private boolean reading;

  /** The gRPC side has sent more than may be passed on at present. */
  private boolean behind;

  /** The message that is being unpacked; nothing is read until it is there. */
  private @Nullable Gunzip unpacking;

  /** Bytes that were unpacked since others had their turn. */
  private int unpacked;

  /** Of what is held; made when there is something. */
  private Budget.@Nullable Share share;

  private @Nullable RequestSink leg;
  private boolean over;

  Translation(RpcCall call, Loop loop, ResponseSink caller, Opener opener, boolean fromGrpc) {
    this.call = call;
    this.loop = loop;
    this.caller = caller;
    this.opener = opener;
    this.fromGrpc = fromGrpc;
    this.said = fromGrpc ? requests : responses;
    this.reader = new GrpcMessageReader(allocator());
    this.gathered = new Gathered(allocator());
  }

  /** All that is needed is there; the leg may be opened. */
  abstract void begin();

  final RpcCall call() {
    return call;
  }

  final ResponseSink caller() {
    return caller;
  }

  final boolean isOver() {
    return over;
  }

  static ByteBufAllocator allocator() {
    return ByteBufAllocator.DEFAULT;
  }

  final void openLeg() {
    RequestSink opened = opener.open(this);
    if (!over) {
      leg = opened;
    }
  }

  // The side that speaks gRPC.

  /** Why the message is not taken whose prefix was read, or null. */
  abstract @Nullable Status refusal();

  /**
   * A part of the message.
   *
   * @param part handed over
   * @param last whether it is the last
   */
  abstract void part(ByteBuf part, boolean last);

  /** The message that was {@link #complete}, unpacked if it was packed; handed over. */
  abstract void message(ByteBuf message);

  /** What the gRPC side has sent is no message of this call: ends the call. */
  abstract void malformed(String why);

  /** What held up the reading is over, and as much was read of what came meanwhile as may be. */
  abstract void wentOn();

  /** Cuts what the gRPC side sends into messages. */
  final GrpcMessageReader reader() {
    return reader;
  }

  /**
   * Reads on.
   *
   * @param more handed over
   */
  final void read(ByteBuf more) {
    reader.append(more);
    readOn();
  }

  private void readOn() {
    if (reading) {
      return;
    }
    boolean more = true;
    reading = true;
    try {
      while (more && !over && unpacking == null && said.onTheirWay() < WINDOW) {
        more = readNext();
      }
    } catch (WireException e) {
      malformed(String.valueOf(e.getMessage()));
    }
    reading = false;
    behind = more && !reader.isBetweenMessages();
  }

  /** Whether something of the gRPC side is there that has not been passed on, nor gathered. */
  final boolean isBehind() {
    return behind || unpacking != null;
  }

  /** What was passed on of the gRPC side is being taken: reads on, if that is what it waits for. */
  private void catchUp() {
    if (behind && !reading && !over && unpacking == null && said.onTheirWay() < WINDOW) {
      readOn();
      wentOn();
    }
  }

  /** Reads a prefix or a part; whether there was one. */
  private boolean readNext() {
    if (!reader.isPartDue()) {
      if (!reader.readPrefix()) {
        return false;
      }
      said.came(MessagePrefix.SIZE);
      Status refused = refusal();
      if (refused != null) {
        fail(refused);
        return false;
      }
    }
    ByteBuf part = reader.readPart();
    if (part == null) {
      return false;
    }
    said.came(part.readableBytes());
    part(part, !reader.isPartDue());
    return true;
  }

  /** The message of the gRPC side that is being put together. */
  final Gathered gathered() {
    return gathered;
  }

  /**
   * Adds to the message of the gRPC side. Ends the call instead if memory is short.
   *
   * @param part handed over
   */
  final void gather(ByteBuf part) {
    gathered.add(part, reader.length());
    if (reader.isPartDue()) {
      account();
    }
  }

  /**
   * Counts what is gathered, and what messages have grown beyond what their senders are made to
   * wait for. Ends the call if memory is short.
   */
  final void account() {
    long excess = requests.excess() + responses.excess();
    long packed = unpacking == null ? 0 : unpacking.held();
    // A downstream that has ended does not count it any more.
    long unread = behind && !fromGrpc ? reader.held() : 0;
    if (!over && !holds(gathered.held() + packed + unread + (excess > SLACK ? excess : 0))) {
      cut();
    }
  }

  /** The message that was gathered is whole: passes it to {@link #message}, at once or later. */
  final void complete() {
    if (reader.isCompressed()) {
      unpacking = new Gunzip(allocator(), gathered.take(), mostUnpacked());
      unpack();
    } else {
      checked(gathered.take());
    }
  }

  /**
   * Unpacks what may be unpacked in this turn.
   *
   * @throws WireException if it cannot be unpacked
   */
  private void unpack() {
    if (unpacked >= PIECE || !unpacking.unpack(PIECE - unpacked)) {
      account();
      loop.eventLoop().execute(this::unpackOn);
      return;
    }
    ByteBuf message = unpacking.take();
    unpacking = null;
    unpacked += message.readableBytes();
    checked(message);
  }

  private void unpackOn() {
    if (unpacking == null) {
      // The call is over.
      return;
    }
    unpacked = 0;
    try {
      unpack();
    } catch (WireException e) {
      malformed(String.valueOf(e.getMessage()));
    } catch (RuntimeException | Error e) {
      // There is no connection here that would be closed for it.
      fail(Status.internal("a message could not be unpacked"));
      throw e;
    }
    if (unpacking == null) {
      readOn();
      wentOn();
    }
  }

  private void checked(ByteBuf message) {
    if (call.codec() == Codec.THRIFT && !message.isReadable()) {
      message.release();
      throw new WireException("a message of 0 bytes, which no Thrift struct has");
    }
    message(message);
  }

  private int mostUnpacked() {
    return Math.min(MAX_UNPACKED, call.maxMessage());
  }

  /**
   * Why a message of the gRPC side cannot be read, or null.
   *
   * @param headers what came in front of it
   */
  final @Nullable Status unreadable(Headers headers) {
    if (!reader.isCompressed()) {
      return null;
    }
    int encoding = headers.find("grpc-encoding");
    String name = encoding < 0 ? "identity" : headers.value(encoding);
    return name.equals(Gunzip.NAME)
        ? null
        : Status.untranslatable("a message whose grpc-encoding is " + name + ", not gzip");
  }

  /** Puts the prefix of a message in front of its first part; both handed over. */
  static ByteBuf prefixed(long length, ByteBuf part, int ahead) {
    return GrpcPrefix.before(allocator(), length, part, ahead);
  }

  private boolean holds(long bytes) {
    if (share == null) {
      if (bytes == 0) {
        return true;
      }
      share = Budget.ofProcess().share(loop.eventLoop(), this);
    }
    return share.holds(bytes);
  }

  @Override
  public final void cut() {
    loop.limits().met(Limit.MEMORY);
    fail(Status.overLimit("memory is short, and a message is not complete"));
  }

  // What is on its way.

  /** A part of the request has come from a side that does not speak gRPC. */
  final void requestCame(ByteBuf part, boolean endOfMessage) {
    requests.came(Weight.of(part, endOfMessage));
  }

  /** Passes a part of the request on, handed over. */
  final void toLeg(ByteBuf part, boolean endOfMessage) {
    RequestSink open = leg;
    if (over || open == null) {
      part.release();
      return;
    }
    requests.went(Weight.of(part, endOfMessage));
    open.requestData(part, endOfMessage);
    account();
  }

  /** The request is whole. */
  final void endToLeg() {
    if (!over && leg != null) {
      leg.requestEnd();
    }
  }

  /** Acknowledges what can be. */
  final void settleRequest() {
    int due = over || fromGrpc && unpacking != null ? 0 : requests.due();
    if (due > 0) {
      caller.requestTaken(due);
    }
  }

  @Override
  public final void requestTaken(int bytes) {
    requests.taken(bytes);
    catchUp();
    account();
    settleRequest();
  }

  /** A part of the response has come from a side that does not speak gRPC. */
  final void responseCame(ByteBuf part, boolean endOfMessage) {
    responses.came(Weight.of(part, endOfMessage));
  }

  /** Passes a part of the response on, handed over. */
  final void toCaller(ByteBuf part, boolean endOfMessage) {
    if (over) {
      part.release();
      return;
    }
    responses.went(Weight.of(part, endOfMessage));
    caller.responseData(part, endOfMessage);
    account();
  }

  /** Acknowledges what can be. */
  final void settleResponse() {
    int due = over || !fromGrpc && unpacking != null ? 0 : responses.due();
    if (due > 0 && leg != null) {
      leg.responseTaken(due);
    }
  }

  @Override
  public final void responseTaken(int bytes) {
    responses.taken(bytes);
    catchUp();
    account();
    settleResponse();
  }

  @Override
  public final boolean responseWaits() {
    return leg == null || leg.responseWaits();
  }

  @Override
  public final void responseGoesOn() {
    if (leg != null) {
      leg.responseGoesOn();
    }
  }

  // The end.

  @Override
  public final void requestCancel(Status why) {
    if (over) {
      return;
    }
    RequestSink open = leg;
    finish();
    if (open != null) {
      open.requestCancel(why);
    }
  }

  /** Ends the call for both sides. */
  final void fail(Status why) {
    if (!over) {
      requestCancel(why);
      caller.responseEnd(CallEnd.of(call, why));
    }
  }

  /** Nothing more is said in either direction, but for an end that is about to be told. */
  final void finish() {
    over = true;
    leg = null;
    reader.release();
    gathered.release();
    if (unpacking != null) {
      unpacking.release();
      unpacking = null;
    }
    holds(0);
  }
}
