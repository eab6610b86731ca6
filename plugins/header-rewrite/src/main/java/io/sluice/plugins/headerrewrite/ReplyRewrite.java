package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Step;

/** Rewrites what comes back to the caller. */
record ReplyRewrite(MetadataRewrite response, MetadataRewrite trailers) implements Filter {

  @Override
  public Step onResponse(Call call) {
    response.apply(call.responseMetadata(), call);
    return Step.NEXT;
  }

  @Override
  public Step onEnd(Call call, Outcome outcome) {
    trailers.apply(outcome.trailers(), call);
    return Step.NEXT;
  }
}
