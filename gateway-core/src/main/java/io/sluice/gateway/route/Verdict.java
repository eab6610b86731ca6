package io.sluice.gateway.route;

import io.sluice.api.Call;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why a call does not take a route.
 *
 * @param rule the route's
 * @param reasons each in a few words; one if it would take the call, but another goes before it
 * @param fits whether it would take the call
 */
public record Verdict(Rule rule, List<String> reasons, boolean fits) {
  public Verdict {
    reasons = List.copyOf(reasons);
  }

  /** Of every rule but the one that is taken, the nearest first. */
  static List<Verdict> of(RouteTable table, Call call) {
    Rule taken = table.find(call);
    List<Verdict> verdicts = new ArrayList<>();
    for (Rule rule : table.rules()) {
      if (rule != taken) {
        verdicts.add(of(rule, taken, call));
      }
    }
    verdicts.sort(
        Comparator.<Verdict, Boolean>comparing(verdict -> !verdict.fits)
            .thenComparing(verdict -> verdict.reasons.size())
            .thenComparing(verdict -> -verdict.rule.commonLetters(call)));
    return List.copyOf(verdicts);
  }

  private static Verdict of(Rule rule, @Nullable Rule taken, Call call) {
    List<String> reasons = rule.misses(call);
    return reasons.isEmpty()
        ? new Verdict(rule, List.of(taken.whyBefore(rule)), true)
        : new Verdict(rule, reasons, false);
  }
}
