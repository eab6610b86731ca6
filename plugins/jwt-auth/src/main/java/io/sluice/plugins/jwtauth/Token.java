package io.sluice.plugins.jwtauth;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has been found of a token: either why it is refused, or what it says and how long that
 * holds. Immutable.
 *
 * @param refusal null if it is good
 * @param identity who has it
 * @param values what goes on to the downstream, a value for each claim, null where it has none
 * @param from in milliseconds since 1970, skew included
 * @param until likewise
 * @param source where the key comes from that has signed it
 * @param keys those that the source had then
 */
record Token(
    @Nullable Refusal refusal,
    String identity,
    List<@Nullable String> values,
    long from,
    long until,
    @Nullable KeySource source,
    List<VerificationKey> keys) {

  static Token refused(Refusal why) {
    return new Token(why, "", List.of(), 0, 0, null, List.of());
  }

  /** Whether the keys have not changed since it was checked. */
  boolean isUpToDate() {
    return source != null && source.keys() == keys;
  }

  /**
   * Whether it is good at a time.
   *
   * @return null if it is
   */
  @Nullable Refusal refusalAt(long millis) {
    if (refusal != null) {
      return refusal;
    }
    return millis < from ? Refusal.EARLY : millis >= until ? Refusal.EXPIRED : null;
  }
}
