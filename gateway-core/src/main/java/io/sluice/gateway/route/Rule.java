package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.gateway.config.CallMatch;
import io.sluice.gateway.config.MatchConfig;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** A route and the calls that it is for. Immutable. */
public final class Rule {
  static final Comparator<Rule> MOST_SPECIFIC_FIRST =
      Comparator.<Rule>comparingLong(rule -> rule.specificity).reversed();

  private final MatchConfig match;
  private final Route route;
  private final long specificity;
  private final CallMatch calls;

  public Rule(MatchConfig match, Route route) {
    this.match = match;
    this.route = route;
    this.specificity = match.specificity();
    this.calls = new CallMatch(match);
  }

  public MatchConfig match() {
    return match;
  }

  public Route route() {
    return route;
  }

  /** Whether it takes every call of the services that it is for. */
  boolean takesAll() {
    return calls.takesAllOfService();
  }

  boolean isAsSpecificAs(Rule other) {
    return specificity >= other.specificity;
  }

  boolean fitsMethod(String name) {
    return calls.fitsMethod(name);
  }

  boolean fitsConditions(Call call) {
    return calls.fitsConditions(call);
  }

  // In words.

  /** What of the rule the call does not fulfil; empty if it takes the call. */
  List<String> misses(Call call) {
    return calls.misses(call);
  }

  /** Why this goes before a rule that takes the same call. */
  String whyBefore(Rule other) {
    MatchConfig.Kind kind = match.kind();
    MatchConfig.Kind otherKind = other.match.kind();
    String why;
    if (kind != otherKind) {
      why = called(kind) + " goes before " + called(otherKind);
    } else if (!sameService(other)) {
      why = specificity > other.specificity ? "its name is longer" : "it fits with the package";
    } else if (!Objects.equals(match.method(), other.match.method())) {
      why = "its method is more specific";
    } else {
      why = "it has more conditions";
    }
    return "it fits, but '" + route.name() + "' goes before it: " + why;
  }

  private boolean sameService(Rule other) {
    return Objects.equals(match.service(), other.match.service())
        && Objects.equals(match.prefix(), other.match.prefix())
        && Objects.equals(match.glob(), other.match.glob());
  }

  private static String called(MatchConfig.Kind kind) {
    return switch (kind) {
      case SERVICE -> "a service";
      case PREFIX -> "a prefix";
      case GLOB -> "a glob";
      case ANY -> "a route for any service";
    };
  }

  /** How many letters what it says of the service begins with as the call's service does. */
  int commonLetters(Call call) {
    String text =
        match.service() != null
            ? match.service()
            : match.prefix() != null
                ? match.prefix()
                : match.glob() != null ? match.glob().begin() : "";
    int most = 0;
    for (String name : CallMatch.names(call)) {
      int n = 0;
      while (n < Math.min(name.length(), text.length())
          && Character.toLowerCase(name.charAt(n)) == Character.toLowerCase(text.charAt(n))) {
        n++;
      }
      most = Math.max(most, n);
    }
    return most;
  }
}
