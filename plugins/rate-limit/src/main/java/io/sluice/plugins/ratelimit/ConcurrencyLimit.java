package io.sluice.plugins.ratelimit;

import io.sluice.api.Call;
import io.sluice.api.Outcome;
import io.sluice.api.Step;
import org.jspecify.annotations.Nullable;

/** Limits how many calls are under way at once, and their rate if there is one. */
final class ConcurrencyLimit extends Limit {
  private final int most;
  private final Step tooMany;

  /** Where a call keeps what it has entered: in the meantime it may be forgotten for its key. */
  private final Call.Key<Share> entered = new Call.Key<>("rate-limit");

  ConcurrencyLimit(RateLimitSettings settings, @Nullable Rate rate, int most) {
    super(settings, rate);
    this.most = most;
    this.tooMany = refusal(most, " at once");
  }

  @Override
  public Step onRequest(Call call) {
    Share share = shares().of(call);
    if (!share.enter(most)) {
      return limited(tooMany);
    }
    if (!isInTime(share)) {
      share.leave();
      return tooOften();
    }
    call.put(entered, share);
    return allow();
  }

  @Override
  public void onComplete(Call call, Outcome outcome) {
    Share share = call.get(entered);
    if (share != null) { // else it was refused here
      share.leave();
    }
  }
}
