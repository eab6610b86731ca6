package io.sluice.gateway.exchange;

import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;

/**
 * Hears what filters do but to let calls pass, on the loop of each call, but for what says
 * otherwise. Must not throw.
 */
public interface FilterObserver {
  /** Listens to nothing. */
  FilterObserver NONE =
      new FilterObserver() {
        @Override
        public void refused(FilterChain.Entry by) {}

        @Override
        public void wouldHave(FilterChain.Entry by, Deed what, RpcCall call) {}

        @Override
        public void failed(FilterChain.Entry by, RpcCall call, Throwable cause, boolean endsCall) {}

        @Override
        public void late(FilterChain.Entry by, RpcCall call) {}

        @Override
        public void misused(String filter, RpcCall call, IllegalStateException how) {}
      };

  /** What a filter that only says what it would do has kept from doing. */
  enum Deed {
    REJECTED,
    REPLIED,
    REPLACED,
    DROPPED,
    CHANGED_STATUS
  }

  /** It has refused a call. */
  void refused(FilterChain.Entry by);

  /** It would have done this, were it in earnest. */
  void wouldHave(FilterChain.Entry by, Deed what, RpcCall call);

  /** It has thrown, its future has failed, or its answer is none. */
  void failed(FilterChain.Entry by, RpcCall call, Throwable cause, boolean endsCall);

  /** It has not answered in its time. */
  void late(FilterChain.Entry by, RpcCall call);

  /**
   * One has tried in vain to change a call that it may not change. On any thread.
   *
   * @param filter its name; {@code unknown} if that cannot be found out
   */
  void misused(String filter, RpcCall call, IllegalStateException how);
}
