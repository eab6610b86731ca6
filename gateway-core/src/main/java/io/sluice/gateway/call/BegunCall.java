package io.sluice.gateway.call;

import io.sluice.api.Status;

/** A call as the inbound leg has it that began it. Used on the call's loop only. */
public interface BegunCall extends RequestSink {

  /**
   * Ends the call for both sides, although neither has asked for it. The caller is told by {@link
   * ResponseSink#responseEnd}, which may be later, as filters are asked about this end like any
   * other; until then the request is taken and dropped. Does nothing if the call has ended.
   *
   * @param why what to tell the caller
   */
  void end(Status why);
}
