package io.sluice.plugins.ratelimit;

import io.sluice.api.Call;
import io.sluice.api.Step;

/** Limits how many calls come in a time; does not care for their ends. */
final class RateLimit extends Limit {

  RateLimit(RateLimitSettings settings, Rate rate) {
    super(settings, rate);
  }

  @Override
  public Step onRequest(Call call) {
    return isInTime(shares().of(call)) ? allow() : tooOften();
  }
}
