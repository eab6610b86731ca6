package io.sluice.gateway.translate;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Codec;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
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

  /** A packed message is unpacked in one go, so not to more than this. */
  private static final int MAX_UNPACKED = 64 << 20;

  private final RpcCall call;
  private final Loop loop;
  private final ResponseSink caller;
  private final Opener opener;
  private final Credit requests = new Credit();
  private final Credit responses = new Credit();
  private final GrpcMessageReader reader;
  private final Gathered gathered;

  /** Of the direction that the gRPC side sends. */
  private final Credit said;

  private boolean reading;

  /** The gRPC side has said all. */
  private boolean saidAll;

  /** Of what is held; made when there is something. */
  private Budget.@Nullable Share share;

  private @Nullable RequestSink leg;
  private boolean over;

  /**
   * @param requests whether it is the requests that the gRPC side sends
   */
  Translation(RpcCall call, Loop loop, ResponseSink caller, Opener opener, boolean requests) {
    this.call = call;
    this.loop = loop;
    this.caller = caller;
    this.opener = opener;
    this.reader = new GrpcMessageReader(allocator());
    this.gathered = new Gathered(allocator());
    this.said = requests ? this.requests : responses;
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

  /** Cuts what the gRPC side sends into messages. */
  final GrpcMessageReader reader() {
    return reader;
  }

  /**
   * Reads a prefix or a part of a message of the gRPC side, and passes on what can be.
   *
   * @return whether there was one
   * @throws WireException if it is none, or cannot be told the other side
   */
  abstract boolean read();

  /** The gRPC side has sent what cannot be read. */
  abstract void unsound(String why);

  /** The gRPC side has said all, and all that it has said has been read. */
  abstract void allIsRead();

  /**
   * The gRPC side has sent something.
   *
   * @param part handed over
   */
  final void came(ByteBuf part) {
    reader.append(part);
    readOn();
  }

  /** The gRPC side has said all. */
  final void saidAll() {
    saidAll = true;
    readOn();
  }

  /** Reads what is there, as far as the other side takes it. */
  private void readOn() {
    if (over || reading) {
      return;
    }
    reading = true;
    boolean more = true;
    try {
      while (!over && more && said.onTheirWay() < WINDOW) {
        more = read();
      }
    } catch (WireException e) {
      unsound(String.valueOf(e.getMessage()));
    }
    reading = false;
    if (!over && saidAll && (!more || reader.isBetweenMessages())) {
      saidAll = false;
      allIsRead();
    }
    account();
    settleRequest();
    settleResponse();
  }

  /** As {@link GrpcMessageReader#readPrefix}. */
  final boolean readPrefix() {
    boolean there = reader.readPrefix();
    said.came(there ? GrpcMessageReader.PREFIX : 0);
    return there;
  }

  /** As {@link GrpcMessageReader#readPart}. */
  final @Nullable ByteBuf readPart() {
    ByteBuf part = reader.readPart();
    said.came(part == null ? 0 : part.readableBytes());
    return part;
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
    long unread = saidAll ? reader.held() : 0;
    if (!over && !holds(gathered.held() + unread + (excess > SLACK ? excess : 0))) {
      cut();
    }
  }

  /**
   * The message that was gathered, unpacked if it was packed; handed over.
   *
   * @throws WireException if it cannot be unpacked, or is none of the call's codec
   */
  final ByteBuf message() {
    ByteBuf message = gathered.take();
    if (reader.isCompressed()) {
      message = Gunzip.unpack(allocator(), message, mostUnpacked());
    }
    if (call.codec() == Codec.THRIFT && !message.isReadable()) {
      message.release();
      throw new WireException("a message of 0 bytes, which no Thrift struct has");
    }
    return message;
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
    int due = over ? 0 : requests.due();
    if (due > 0) {
      caller.requestTaken(due);
    }
  }

  @Override
  public final void requestTaken(int bytes) {
    requests.taken(bytes);
    readOn();
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
    int due = over ? 0 : responses.due();
    if (due > 0 && leg != null) {
      leg.responseTaken(due);
    }
  }

  @Override
  public final void responseTaken(int bytes) {
    responses.taken(bytes);
    readOn();
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
    holds(0);
  }
}
