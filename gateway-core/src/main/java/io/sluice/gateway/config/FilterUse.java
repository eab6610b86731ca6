package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A filter in its place.
 *
 * @param use the filter's name
 * @param with its settings, which get their meaning from the filter itself
 * @param when the calls that it sees; null for all
 */
public record FilterUse(
    @Setting(value = "The name of the filter.", required = true) String use,
    @Setting("Its settings, as the filter's own page describes them.") ConfigNode with,
    @Setting("The calls that it sees, said as in [match](#match); without one all of them.")
        @Nullable MatchConfig when,
    @Setting(
            value =
                "What becomes of a call when the filter fails or answers too late: it ends, or goes"
                    + " on.",
            fallback = "closed")
        OnError onError,
    @Setting(
            value = "Whether the filter only says what it would do, and does nothing to calls.",
            fallback = "false")
        boolean shadow,
    @Setting(
            value = "How long it may take to give an answer that it does not give at once.",
            fallback = "10s",
            min = 1,
            max = 3_600_000)
        Duration answerWithin) {

  /** What becomes of a call when a filter fails. */
  public enum OnError {
    /** It ends with an internal error. */
    CLOSED,
    /** It goes on as if the filter had let it. */
    OPEN
  }
}
