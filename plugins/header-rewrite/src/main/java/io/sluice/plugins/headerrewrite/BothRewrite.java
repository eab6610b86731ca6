package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Step;

/**
 * Rewrites both ways; apart from the others, so that one way does not pay for the other's hooks.
 */
record BothRewrite(RequestRewrite request, ReplyRewrite reply) implements Filter {

  @Override
  public Step onRequest(Call call) {
    return request.onRequest(call);
  }

  @Override
  public Step onResponse(Call call) {
    return reply.onResponse(call);
  }

  @Override
  public Step onEnd(Call call, Outcome outcome) {
    return reply.onEnd(call, outcome);
  }
}
