package io.sluice.gateway.filter;

import io.sluice.api.Call;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Where the configuration uses a filter, and how.
 *
 * @param origin whose list it is in, as users are told it: {@code global}, {@code listener rpc},
 *     {@code route shop}, {@code cluster cart}
 * @param line in the file, from 1; 0 if it is in none
 * @param open whether calls go on if it fails
 * @param shadow whether it only says what it would do
 * @param when the calls that it sees; null for all
 * @param answerNanos how long it may take to give an answer that it gives later
 */
public record FilterPlace(
    String origin,
    int line,
    boolean open,
    boolean shadow,
    @Nullable Predicate<Call> when,
    long answerNanos) {
  /** Of filters that no file uses. */
  public static final FilterPlace NONE =
      new FilterPlace("global", 0, false, false, null, TimeUnit.SECONDS.toNanos(10));
}
