package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.gateway.config.Glob;
import io.sluice.gateway.config.MatchConfig;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** A route and the calls that it is for. Immutable. */
public final class Rule {
  static final Comparator<Rule> MOST_SPECIFIC_FIRST =
      Comparator.<Rule>comparingLong(rule -> rule.specificity).reversed();

  private final MatchConfig match;
  private final Route route;
  private final long specificity;
  private final @Nullable Glob method;
  private final Condition[] conditions;

  public Rule(MatchConfig match, Route route) {
    this.match = match;
    this.route = route;
    this.specificity = match.specificity();
    this.method = match.method();
    this.conditions = Condition.of(match);
  }

  public MatchConfig match() {
    return match;
  }

  public Route route() {
    return route;
  }

  boolean isAsSpecificAs(Rule other) {
    return specificity >= other.specificity;
  }

  boolean fitsMethod(String name) {
    return method == null || method.fits(name);
  }

  boolean fitsConditions(Call call) {
    for (Condition condition : conditions) {
      if (!condition.holds(call)) {
        return false;
      }
    }
    return true;
  }

  Condition[] conditions() {
    return conditions;
  }

  /** Whether a service by this name is meant, with its package or without. */
  boolean fitsService(String name) {
    return switch (match.kind()) {
      case SERVICE -> match.service().equals(name);
      case PREFIX -> name.startsWith(match.prefix());
      case GLOB -> match.glob().fits(name);
      case ANY -> true;
    };
  }
}
