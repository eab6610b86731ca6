package io.sluice.gateway.call;

/** Takes a call whose head has been read. */
@FunctionalInterface
public interface CallHandler {

  /**
   * Begins the call. The answer may come before this returns.
   *
   * @param call its head; the messages follow by what is returned
   * @param response hears the answer, on the call's loop
   * @return takes the request
   */
  BegunCall begin(RpcCall call, ResponseSink response);
}
