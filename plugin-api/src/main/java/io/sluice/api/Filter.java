package io.sluice.api;

/**
 * Looks at calls on their way through the gateway, changes them or refuses them. Every hook is
 * optional; a hook that is not overridden costs nothing.
 *
 * <pre>
 *            onRequest   onRequestMessage*
 * caller ──▶ ─────────────────────────────▶ ─────▶ downstream     filters in the order of the list
 * caller ◀── ◀───────────────────────────── ◀───── downstream     filters in reverse order
 *            onEnd   onResponseMessage*   onResponse
 *
 *            onComplete: once a call, whatever happened to it
 * </pre>
 *
 * <p>A refused call has no response, so it goes straight to {@link #onEnd}. Only the filters whose
 * turn at {@link #onRequest} had come, the refusing one included, get later hooks of that call.
 * Message hooks of one direction never overlap: while one awaits, no more is read from that side.
 *
 * <p>All hooks of one call run on the call's event loop and must not block. One instance serves the
 * calls of all loops at once, so its own state must be safe for that. A hook that throws, or whose
 * answer is none of those that it may give, ends the call with an internal error that names the
 * filter, unless the configuration says {@code onError: open} of it.
 *
 * <pre>{@code
 * final class RefuseStrangers implements Filter {
 *   public Step onRequest(Call call) {
 *     return call.caller().isEmpty() ? Step.reject(Status.forbidden("who are you?")) : Step.NEXT;
 *   }
 * }
 * }</pre>
 */
public interface Filter {

  /**
   * The filter is about to see its first call. Here it opens files and starts threads; runs on a
   * worker thread, once, and has 60 s.
   *
   * @throws Exception if it cannot work; the configuration that uses it is then refused
   */
  default void start(FilterContext context) throws Exception {}

  /**
   * The filter has seen its last call; runs on a worker thread, once, if it was started. After 10 s
   * nobody waits for it any more.
   */
  default void stop() {}

  /**
   * The call has begun: who calls what, and its metadata, which may be changed here.
   *
   * @return {@link Step#NEXT}, a {@link Step.Reject}, a {@link Step.Reply}, or an {@link
   *     Step.Await} of one of these
   */
  default Step onRequest(Call call) {
    return Step.NEXT;
  }

  /**
   * A message from the caller: once for a ping-pong call, each in its turn for a stream. Overriding
   * this makes the gateway gather messages that it would otherwise relay in parts, and end calls
   * that have one of more than 64 MiB.
   *
   * @return {@link Step#NEXT}, {@link Step.Replace}, {@link Step.Drop} (streams only), {@link
   *     Step.Reject}, or an {@link Step.Await} of one of these
   */
  default Step onRequestMessage(Call call, Payload message) {
    return Step.NEXT;
  }

  /**
   * The downstream has begun to answer: {@link Call#responseMetadata()} is there and may be
   * changed.
   *
   * @return {@link Step#NEXT}, {@link Step.Reject}, or an {@link Step.Await} of one of these
   */
  default Step onResponse(Call call) {
    return Step.NEXT;
  }

  /**
   * A message from the downstream; as {@link #onRequestMessage}.
   *
   * @return {@link Step#NEXT}, {@link Step.Replace}, {@link Step.Drop} (streams only), {@link
   *     Step.Reject}, or an {@link Step.Await} of one of these
   */
  default Step onResponseMessage(Call call, Payload message) {
    return Step.NEXT;
  }

  /**
   * The call is about to end for the caller; status and trailers may be changed. Runs also for
   * calls that the gateway itself ends, so long as the caller is still there to be told.
   *
   * @return {@link Step#NEXT}, or an {@link Step.Await} of it
   */
  default Step onEnd(Call call, Outcome outcome) {
    return Step.NEXT;
  }

  /** The call is over: ended, refused, failed or cancelled. Called exactly once for each call. */
  default void onComplete(Call call, Outcome outcome) {}
}
