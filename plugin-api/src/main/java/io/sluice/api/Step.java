package io.sluice.api;

import io.vertx.core.Future;
import java.util.Objects;

/**
 * What a filter wants done next. {@link #NEXT} costs nothing; answer at once where you can, and
 * {@link #await} only where you must.
 */
public sealed interface Step {

  /** Go on with the next filter. */
  Step NEXT = new Next();

  /**
   * Ends the call with this status, which each protocol tells in its own way.
   *
   * @param status any but {@link Status#OK}
   * @throws IllegalArgumentException if the status is OK
   */
  static Step reject(Status status) {
    return new Reject(status);
  }

  /**
   * Answers a ping-pong call with this message, without asking the downstream. The filters that had
   * their turn, this one included, get {@link Filter#onResponse} and {@link Filter#onEnd} as for
   * any other response, but are not shown its message. Only from {@link Filter#onRequest}.
   */
  static Step reply(Payload message) {
    return new Reply(message);
  }

  /**
   * Sends this message on in place of the one shown, not packed, even if that one was (see {@link
   * Payload#encoding()}). Only from message hooks.
   */
  static Step replace(Payload message) {
    return new Replace(message);
  }

  /** Lets the message shown disappear. Only from message hooks of a stream. */
  static Step drop() {
    return Drop.INSTANCE;
  }

  /**
   * Holds this direction of the call until the future is there, for 10 s at most unless the
   * configuration gives the filter another time. A failed future, and one that is late, are treated
   * as a hook that throws.
   *
   * @param step completes on any thread, with anything but another await
   */
  static Step await(Future<Step> step) {
    return new Await(step);
  }

  /** See {@link Step#NEXT}. */
  final class Next implements Step {
    private Next() {}

    @Override
    public String toString() {
      return "Next";
    }
  }

  /** See {@link Step#drop}. */
  final class Drop implements Step {
    static final Drop INSTANCE = new Drop();

    private Drop() {}

    @Override
    public String toString() {
      return "Drop";
    }
  }

  /** See {@link Step#reject}. */
  record Reject(Status status) implements Step {
    public Reject {
      if (status.isOk()) {
        throw new IllegalArgumentException("a call cannot be refused with status OK");
      }
    }
  }

  /** See {@link Step#reply}. */
  record Reply(Payload message) implements Step {
    public Reply {
      Objects.requireNonNull(message);
    }
  }

  /** See {@link Step#replace}. */
  record Replace(Payload message) implements Step {
    public Replace {
      Objects.requireNonNull(message);
    }
  }

  /** See {@link Step#await}. */
  record Await(Future<Step> step) implements Step {
    public Await {
      Objects.requireNonNull(step);
    }
  }
}
