package io.sluice.gateway.call;

import org.jspecify.annotations.Nullable;

/** Hears of calls that are changed by who may not do so any more, on the thread that does. */
@FunctionalInterface
public interface CallGuard {
  /**
   * A call is changed from another thread than its loop's, or after its end. The change is not
   * made.
   *
   * @param users those to whom it was shown, as the call was told; null if it was shown to nobody
   */
  void misused(RpcCall call, @Nullable Object users, IllegalStateException how);
}
