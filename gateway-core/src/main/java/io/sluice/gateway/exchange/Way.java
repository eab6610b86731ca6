package io.sluice.gateway.exchange;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.filter.FilterChain;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a call, from the leg that says it to the one that it is for.
 *
 * <pre>
 *   data, end ─▶ Held ────────────▶ StreamWatch ────▶ MessageGate ────────▶ deliver, deliverEnd
 *                while a filter     limits of the     where filters want
 *                thinks             route's streams   to see messages
 *   gone ◀──────────────────────────────────────────────────────────────── taken
 * </pre>
 */
abstract class Way {
  private final Exchange exchange;
  private @Nullable Held held;
  private @Nullable MessageGate gate;

  Way(Exchange exchange) {
    this.exchange = exchange;
  }

  /** Whether it is the request's. */
  abstract boolean isRequest();

  /**
   * Whether the limits of the route let a part pass now.
   *
   * @param part taken over unless it passes
   */
  abstract boolean limitsPass(ByteBuf part, boolean endOfMessage);

  /** Whether nothing waits before the end. */
  abstract boolean limitsPassEnd(@Nullable CallEnd end);

  /**
   * Gives a part to the one that it is for.
   *
   * @param part handed over
   */
  abstract void deliver(ByteBuf part, boolean endOfMessage);

  /** Tells the end. */
  abstract void deliverEnd(@Nullable CallEnd end);

  /** So many bytes, as the sender sent them, are gone. */
  abstract void gone(int bytes);

  /**
   * What has come waits for its time.
   *
   * @return whether its sender waits too
   */
  abstract boolean senderWaits();

  /** Nothing waits for its time any more. */
  abstract void senderGoesOn();

  final Exchange exchange() {
    return exchange;
  }

  final @Nullable MessageGate gate() {
    return gate;
  }

  /** Filters want to see its messages; to be called before the first has come through. */
  final void show(FilterChain.Entry[] hooks) {
    if (hooks.length > 0) {
      gate = new MessageGate(this, hooks);
    }
  }

  /** Whether what comes may go on at once, but for the limits. */
  final boolean isFree() {
    return held == null && gate == null;
  }

  /** Has all that comes wait until {@link #letGo}. */
  final void hold() {
    held = held == null ? new Held(exchange) : held;
  }

  final void letGo() {
    Held waiting = held;
    held = null;
    if (waiting == null) {
      return;
    }
    for (Held.Event e = waiting.poll(); e != null; e = waiting.poll()) {
      if (e.part() != null) {
        forward(e.part(), e.endOfMessage());
      } else {
        end(e.end());
      }
    }
  }

  /**
   * A part has come.
   *
   * @param part handed over
   */
  final void data(ByteBuf part, boolean endOfMessage) {
    if (held != null) {
      held.data(part, endOfMessage);
    } else {
      forward(part, endOfMessage);
    }
  }

  private void forward(ByteBuf part, boolean endOfMessage) {
    if (!exchange.isOpen()) {
      part.release();
    } else if (limitsPass(part, endOfMessage)) {
      pass(part, endOfMessage);
    }
  }

  /** The limits of the route let a part pass, handed over. */
  final void pass(ByteBuf part, boolean endOfMessage) {
    if (!exchange.isOpen()) {
      part.release();
    } else if (gate != null) {
      gate.data(part, endOfMessage);
    } else {
      deliver(part, endOfMessage);
    }
  }

  /**
   * Nothing more comes.
   *
   * @param end of the response; null for the half close of a request
   */
  final void end(@Nullable CallEnd end) {
    if (!exchange.isOpen()) {
      return;
    }
    if (held != null) {
      held.end(end);
    } else if (limitsPassEnd(end)) {
      passEnd(end);
    }
  }

  /** All that came before the end has passed the limits. */
  final void passEnd(@Nullable CallEnd end) {
    if (gate != null) {
      gate.end(end);
    } else {
      deliverEnd(end);
    }
  }

  /** So many bytes that were delivered are taken. */
  final void taken(int bytes) {
    if (gate != null) {
      gate.taken(bytes);
    } else {
      gone(bytes);
    }
  }

  /** Lets go of all that waits. */
  void release() {
    if (held != null) {
      held.release();
      held = null;
    }
    if (gate != null) {
      gate.release();
    }
  }
}
