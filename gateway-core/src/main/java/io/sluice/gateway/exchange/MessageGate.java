package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the messages of one direction for the filters that ask for them, and lets through one
 * after another what they make of it. Exists only where a filter asks.
 */
final class MessageGate {
  private static final int GRPC_PREFIX = 5;

  /** A gathered message; larger ones are not shown to filters but end the call. */
  private static final int MAX_MESSAGE = 64 << 20;

  private final Exchange exchange;
  private final RpcCall call;
  private final FilterChain.Entry[] hooks;
  private final boolean request;
  private final boolean grpc;

  private @Nullable CompositeByteBuf gathered;

  /** Something that must wait until the hooks have answered for the current message. */
  private @Nullable Held waiting;

  private @Nullable BufPayload current;
  private int grpcFlag;

  /** Bytes let through and not yet said to be taken, and what came in for them. */
  private long passed;

  private int owed;

  MessageGate(Exchange exchange, FilterChain.Entry[] hooks, boolean request) {
    this.exchange = exchange;
    this.call = exchange.call();
    this.hooks = hooks;
    this.request = request;
    this.grpc = call.protocol() == Protocol.GRPC;
  }

  void data(ByteBuf part, boolean endOfMessage) {
    if (waiting != null) {
      waiting.data(part, endOfMessage);
      return;
    }
    owed += part.readableBytes();
    if (gathered == null) {
      gathered = ByteBufAllocator.DEFAULT.compositeBuffer(1024);
    }
    gathered.addComponent(true, part);
    if (gathered.readableBytes() > MAX_MESSAGE) {
      exchange.end(
          CallEnd.of(call, Status.overLimit("message of more than " + MAX_MESSAGE + " bytes")));
    } else if (grpc) {
      splitGrpc();
    } else if (endOfMessage) {
      ByteBuf message = gathered;
      gathered = null;
      run(message);
    } else {
      // So that what is still to come is sent.
      settle();
    }
  }

  private void splitGrpc() {
    while (waiting == null && gathered != null && gathered.readableBytes() >= GRPC_PREFIX) {
      long length = gathered.getUnsignedInt(gathered.readerIndex() + 1);
      if (length > MAX_MESSAGE) {
        exchange.end(CallEnd.of(call, Status.overLimit("message of " + length + " bytes")));
        return;
      }
      if (gathered.readableBytes() - GRPC_PREFIX < length) {
        break;
      }
      grpcFlag = gathered.readUnsignedByte();
      gathered.skipBytes(4);
      ByteBuf message = gathered.readRetainedSlice((int) length);
      if (!gathered.isReadable()) {
        gathered.release();
        gathered = null;
      } else {
        gathered.discardReadComponents();
      }
      run(message);
    }
    settle();
  }

  void halfClose() {
    if (waiting != null) {
      waiting.halfClose();
    } else {
      exchange.gatedHalfClose();
    }
  }

  void end(CallEnd end) {
    if (waiting != null) {
      waiting.end(end);
    } else {
      exchange.gatedEnd(end);
    }
  }

  private void run(ByteBuf message) {
    current = new BufPayload(message);
    hooks(0);
  }

  private void hooks(int from) {
    for (int i = from; i < hooks.length; i++) {
      FilterChain.Entry entry = hooks[i];
      Step step;
      try {
        step =
            request
                ? entry.filter().onRequestMessage(call, current)
                : entry.filter().onResponseMessage(call, current);
      } catch (Throwable e) {
        exchange.failed(entry, e);
        return;
      }
      if (step != Step.NEXT && !after(entry, step, i + 1)) {
        return;
      }
    }
    pass();
  }

  private boolean after(FilterChain.Entry entry, Step step, int next) {
    if (step == Step.NEXT) {
      return true;
    }
    if (step instanceof Step.Replace replace) {
      current.replace(Unpooled.wrappedBuffer(replace.message().bytes()));
      grpcFlag = 0;
      return true;
    }
    if (step instanceof Step.Drop && !call.protocol().isPingPong()) {
      current.release();
      current = null;
      settle();
      resume();
    } else if (step instanceof Step.Reject reject) {
      exchange.end(CallEnd.of(call, reject.status()));
    } else if (step instanceof Step.Await await) {
      waiting = waiting == null ? new Held() : waiting;
      exchange.whenAnswered(
          entry,
          await,
          answer -> {
            if (after(entry, answer, next)) {
              hooks(next);
            }
          });
    } else {
      exchange.failed(entry, new IllegalStateException(step + " is no answer to a message hook"));
    }
    return false;
  }

  private void pass() {
    BufPayload payload = current;
    current = null;
    if (payload == null) {
      return;
    }
    ByteBuf message = payload.take();
    if (grpc) {
      ByteBuf prefix = ByteBufAllocator.DEFAULT.buffer(GRPC_PREFIX);
      prefix.writeByte(grpcFlag).writeInt(message.readableBytes());
      message = Unpooled.wrappedBuffer(prefix, message);
    } else {
      MessageHead head = request ? call.request() : call.response();
      head.replacedBy(message.readableBytes());
    }
    passed += message.readableBytes();
    if (request) {
      exchange.gatedRequest(message);
    } else {
      exchange.gatedResponse(message);
    }
    resume();
  }

  /** Goes on with what came while the hooks were asked. */
  private void resume() {
    Held held = waiting;
    waiting = null;
    if (held == null) {
      return;
    }
    if (grpc && gathered != null) {
      splitGrpc();
    }
    for (Held.Event e = held.poll(); e != null; e = held.poll()) {
      if (e.part() != null) {
        data(e.part(), e.endOfMessage());
      } else if (e.end() != null) {
        end(e.end());
      } else {
        halfClose();
      }
    }
  }

  /** The side that the messages go to has taken so many bytes. */
  void taken(int bytes) {
    passed -= bytes;
    settle();
  }

  /** Gives back what came in, once nothing of what went out is still on its way. */
  private void settle() {
    if (passed <= 0 && owed > 0) {
      int bytes = owed;
      owed = 0;
      if (request) {
        exchange.gatedRequestTaken(bytes);
      } else {
        exchange.gatedResponseTaken(bytes);
      }
    }
  }

  void release() {
    if (gathered != null) {
      gathered.release();
      gathered = null;
    }
    if (current != null) {
      current.release();
      current = null;
    }
    if (waiting != null) {
      waiting.release();
    }
  }
}
