package io.sluice.gateway.exchange;

import io.sluice.api.BizStatus;
import io.sluice.api.Metadata;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import org.jspecify.annotations.Nullable;

/** The end of a call as a filter sees it that may not change it. */
final class ShadowEnd implements Outcome {
  private final CallEnd end;
  private final Runnable changed;
  private @Nullable Metadata trailers;

  /**
   * @param changed runs when the filter would have told the caller another status
   */
  ShadowEnd(CallEnd end, Runnable changed) {
    this.end = end;
    this.changed = changed;
  }

  @Override
  public Status status() {
    return end.status();
  }

  @Override
  public Party endedBy() {
    return end.endedBy();
  }

  @Override
  public String filter() {
    return end.filter();
  }

  @Override
  public @Nullable BizStatus bizStatus() {
    return end.bizStatus();
  }

  @Override
  public Metadata trailers() {
    if (trailers == null) {
      trailers = end.rawTrailers().copy().plain();
    }
    return trailers;
  }

  @Override
  public void status(Status status) {
    if (!status.equals(end.status())) {
      changed.run();
    }
  }
}
