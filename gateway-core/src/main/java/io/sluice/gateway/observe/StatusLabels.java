package io.sluice.gateway.observe;

import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import java.util.Locale;

/** How the ends of calls are told apart in metrics: by status code, and business statuses. */
final class StatusLabels {
  private static final Status.Code[] CODES = Status.Code.values();

  /** How many there are. */
  static final int COUNT = CODES.length + 1;

  private StatusLabels() {}

  /** The index of this end, below {@link #COUNT}. */
  static int of(CallEnd end) {
    boolean business = end.status().isOk() && end.bizStatus() != null;
    return business ? CODES.length : end.status().code().ordinal();
  }

  static String label(int index) {
    return index == CODES.length ? "business" : CODES[index].name().toLowerCase(Locale.ROOT);
  }
}
