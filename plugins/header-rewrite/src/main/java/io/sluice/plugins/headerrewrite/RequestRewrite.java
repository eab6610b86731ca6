package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Step;

/** Rewrites what goes to the downstream. */
record RequestRewrite(MetadataRewrite plain, MetadataRewrite persistent, MetadataRewrite transients)
    implements Filter {

  @Override
  public Step onRequest(Call call) {
    plain.apply(call.metadata(), call);
    if (!persistent.isEmpty()) {
      persistent.apply(call.persistent(), call);
    }
    if (!transients.isEmpty()) {
      transients.apply(call.transients(), call);
    }
    return Step.NEXT;
  }
}
