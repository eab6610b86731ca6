package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Call;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.HalfMessage;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.MessagePrefix;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.exchange.FilterObserver.Deed;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the messages of one direction for the filters that ask for them, and lets through one
 * after another what they make of it. Exists only where a filter asks. What it holds is none of the
 * sender's any more, so it counts as memory of its own.
 *
 * <pre>
 *   parts ─▶ input ─▶ gathered ─▶ current ─▶ hooks ─▶ on
 *            (while hooks are awaited)
 * </pre>
 */
final class MessageGate implements Budget.Holder {
  /** A part that is smaller than this part of the memory it is in is copied out of it. */
  private static final int SMALL = 4;

  /** A gathered message; larger ones are not shown to filters but end the call. */
  private static final int MAX_MESSAGE = 64 << 20;

  private final Way way;
  private final Exchange exchange;
  private final RpcCall call;
  private final Loop loop;
  private final FilterRun filters;
  private final FilterChain.Entry[] hooks;
  private final boolean request;
  private final boolean grpc;
  private final Held input;
  private final Budget.Share share;

  private @Nullable CompositeByteBuf gathered;
  private @Nullable BufPayload current;
  private int grpcFlag;
  private boolean awaiting;
  private boolean driving;

  /** Bytes let through and not yet said to be taken, and what came in for them. */
  private long passed;

  private int owed;

  MessageGate(Way way, FilterChain.Entry[] hooks) {
    this.way = way;
    this.exchange = way.exchange();
    this.input = new Held(exchange);
    this.call = exchange.call();
    this.loop = exchange.loop();
    this.filters = exchange.filters();
    this.hooks = hooks;
    this.request = way.isRequest();
    this.grpc = call.protocol() == Protocol.GRPC;
    this.share = Budget.ofProcess().share(exchange.loop().eventLoop(), this);
  }

  void data(ByteBuf part, boolean endOfMessage) {
    if (!exchange.isOpen()) {
      part.release();
      return;
    }
    input.data(part, endOfMessage);
    drive();
  }

  /**
   * @param end of the response; null for a half close
   */
  void end(@Nullable CallEnd end) {
    input.end(end);
    drive();
  }

  /** Goes on as far as hooks answer at once; a loop, since there may be many small messages. */
  private void drive() {
    if (driving) {
      return;
    }
    driving = true;
    while (!awaiting && exchange.isOpen()) {
      if (grpc && nextOfGrpc()) {
        continue;
      }
      Held.Event event = input.poll();
      if (event == null) {
        break;
      }
      if (event.part() != null) {
        gather(event.part(), event.endOfMessage());
      } else if (event.end() != null) {
        way.deliverEnd(whole(event.end()));
      } else if (isWithinMessage()) {
        exchange.end(CallEnd.of(call, HalfMessage.OF_CALLER));
      } else {
        way.deliverEnd(null);
      }
    }
    driving = false;
    if (!share.holds(held())) {
      cut();
    }
    settle();
  }

  private boolean isWithinMessage() {
    return gathered != null;
  }

  /** An end that says that all is well cannot stand if there is half a message before it. */
  private CallEnd whole(CallEnd end) {
    return isWithinMessage() && end.status().isOk()
        ? new CallEnd(HalfMessage.OF_DOWNSTREAM, null, end.rawTrailers())
        : end;
  }

  private long held() {
    return (gathered == null ? 0L : gathered.readableBytes())
        + (current == null ? 0 : current.size());
  }

  @Override
  public void cut() {
    exchange.loop().limits().met(Limit.MEMORY);
    exchange.end(
        CallEnd.of(
            call,
            Status.overLimit("memory is short, and filters want to see " + held() + " bytes")));
    release();
  }

  private void gather(ByteBuf part, boolean endOfMessage) {
    owed += Weight.of(part, endOfMessage);
    if (gathered == null) {
      gathered = ByteBufAllocator.DEFAULT.compositeBuffer(1024);
    }
    gathered.addComponent(true, endOfMessage ? part : compact(part));
    if (gathered.readableBytes() > MAX_MESSAGE) {
      tooLarge(gathered.readableBytes());
    } else if (!grpc && endOfMessage) {
      ByteBuf message = gathered;
      gathered = null;
      run(message);
    }
  }

  /** A few bytes are not to keep alive all that was read with them while they wait for more. */
  private static ByteBuf compact(ByteBuf part) {
    ByteBuf root = part;
    while (root.unwrap() != null) {
      root = root.unwrap();
    }
    if (part.readableBytes() >= root.capacity() / SMALL) {
      return part;
    }
    try {
      return part.alloc().buffer(part.readableBytes()).writeBytes(part);
    } finally {
      part.release();
    }
  }

  /** Cuts one message out of what is gathered; false if there is none yet. */
  private boolean nextOfGrpc() {
    if (gathered == null || gathered.readableBytes() < MessagePrefix.SIZE) {
      return false;
    }
    int at = gathered.readerIndex();
    long length = MessagePrefix.length(gathered, at);
    if (length > MAX_MESSAGE) {
      tooLarge(length);
      return false;
    }
    if (gathered.readableBytes() - MessagePrefix.SIZE < length) {
      return false;
    }
    grpcFlag = MessagePrefix.flag(gathered, at);
    gathered.skipBytes(MessagePrefix.SIZE);
    // A copy: what is gathered moves on under any view of it.
    ByteBuf message = gathered.readBytes((int) length);
    if (gathered.isReadable()) {
      gathered.discardReadComponents();
    } else {
      gathered.release();
      gathered = null;
    }
    run(message);
    return true;
  }

  private void tooLarge(long bytes) {
    exchange.end(
        CallEnd.of(
            call,
            Status.overLimit(
                "message of " + bytes + " bytes, filters are shown at most " + MAX_MESSAGE)));
  }

  private void run(ByteBuf message) {
    current = new BufPayload(message, grpcFlag == 0 ? "" : encoding());
    hooks(0);
  }

  private String encoding() {
    Headers headers = request ? call.headers() : call.responseHeaders();
    int named = headers.find("grpc-encoding");
    return named < 0 ? "identity" : headers.value(named);
  }

  private void hooks(int from) {
    loop.invites(filters.chain().weakly());
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      Step step;
      loop.enters(entry.number());
      try {
        Call shown = filters.shown(entry);
        step =
            request
                ? entry.filter().onRequestMessage(shown, current)
                : entry.filter().onResponseMessage(shown, current);
      } catch (Throwable e) {
        if (filters.failed(entry, e)) {
          continue;
        }
        return;
      } finally {
        loop.leaves();
      }
      if (step != Step.NEXT && !after(entry, step, i + 1)) {
        return;
      }
    }
    pass();
  }

  private boolean after(FilterChain.Entry entry, @Nullable Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Replace replace) {
      return replaced(entry, replace);
    }
    if (step instanceof Step.Drop && !call.protocol().isPingPong()) {
      return dropped(entry);
    }
    if (step instanceof Step.Reject reject) {
      return filters.rejected(entry, reject);
    }
    if (step instanceof Step.Await await) {
      awaiting = true;
      filters
          .answers()
          .await(
              entry,
              await,
              answer -> {
                awaiting = false;
                if (after(entry, answer, next)) {
                  hooks(next);
                }
                drive();
              });
      return false;
    }
    return filters.failed(
        entry, new IllegalStateException(step + " is no answer to a message hook"));
  }

  private boolean replaced(FilterChain.Entry entry, Step.Replace replace) {
    if (replace.message() == current) {
      return true;
    }
    if (entry.isShadow()) {
      return filters.wouldHave(entry, Deed.REPLACED);
    }
    ByteBuf message;
    try {
      // A copy: a payload of the filter's own may go on to use its bytes.
      message = Unpooled.copiedBuffer(replace.message().bytes());
    } catch (Throwable e) { // a payload may be the filter's own code
      return filters.failed(entry, e);
    }
    current.replace(message);
    grpcFlag = 0;
    return true;
  }

  private boolean dropped(FilterChain.Entry entry) {
    if (entry.isShadow()) {
      return filters.wouldHave(entry, Deed.DROPPED);
    }
    current.release();
    current = null;
    return false;
  }

  private void pass() {
    ByteBuf message = current.take();
    current = null;
    if (grpc) {
      ByteBuf prefix = ByteBufAllocator.DEFAULT.buffer(MessagePrefix.SIZE);
      MessagePrefix.set(prefix, 0, grpcFlag, message.readableBytes());
      prefix.writerIndex(MessagePrefix.SIZE);
      message = Unpooled.wrappedBuffer(prefix, message);
    } else {
      MessageHead head = request ? call.request() : call.response();
      head.replacedBy(message.readableBytes());
    }
    passed += Weight.of(message, !grpc);
    way.deliver(message, !grpc);
  }

  /** So many bytes that are no message pass, and will be said to be taken with the others. */
  void passesBeside(int bytes) {
    passed += bytes;
    owed += bytes;
  }

  /** The side that the messages go to has taken so many bytes. */
  void taken(int bytes) {
    passed -= bytes;
    settle();
  }

  /** Gives back what came in, once nothing of what went out is still on its way. */
  private void settle() {
    if (passed <= 0 && owed > 0 && !awaiting) {
      int bytes = owed;
      owed = 0;
      way.gone(bytes);
    }
  }

  void release() {
    owed = 0;
    share.release();
    input.release();
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    if (current != null) {
      current.release();
      current = null;
    }
  }
}
