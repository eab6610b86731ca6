package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.api.Glob;
import io.sluice.gateway.config.MatchConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
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

  /** Whether it takes every call of the services that it is for. */
  boolean takesAll() {
    return method == null && conditions.length == 0;
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

  // In words.

  /** What of the rule the call does not fulfil; empty if it takes the call. */
  List<String> misses(Call call) {
    List<String> misses = new ArrayList<>();
    if (names(call).stream().noneMatch(this::fitsService)) {
      misses.add(missedService(names(call).get(0)));
    }
    if (!fitsMethod(call.method())) {
      misses.add(
          method.isLiteral()
              ? "method is " + quote(call.method()) + ", not " + quote(method)
              : "method " + quote(call.method()) + " does not look like " + quote(method));
    }
    for (Condition condition : conditions) {
      if (!condition.holds(call)) {
        misses.add(condition.missed(call));
      }
    }
    return misses;
  }

  /** The service's name with its package, and without it. */
  private static List<String> names(Call call) {
    String bare = call.service();
    return call.packageName().isEmpty()
        ? List.of(bare)
        : List.of(call.packageName() + '.' + bare, bare);
  }

  private String missedService(String name) {
    String subject = name.isEmpty() ? "the call names no service" : "service is " + quote(name);
    return switch (match.kind()) {
      case SERVICE ->
          subject
              + (match.service().isEmpty() ? ", not unnamed" : ", not " + quote(match.service()));
      case PREFIX -> subject + ", which does not begin with " + quote(match.prefix());
      default -> subject + ", which does not look like " + quote(match.glob());
    };
  }

  static String quote(Object text) {
    return "'" + text + "'";
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
    } else if (!Objects.equals(method, other.method)) {
      why = "its method is more specific";
    } else {
      why = "it has more conditions";
    }
    return "it fits, but " + quote(route.name()) + " goes before it: " + why;
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
    for (String name : names(call)) {
      int n = 0;
      while (n < Math.min(name.length(), text.length())
          && Character.toLowerCase(name.charAt(n)) == Character.toLowerCase(text.charAt(n))) {
        n++;
      }
      most = Math.max(most, n);
    }
    return most;
  }

  private boolean fitsService(String name) {
    return switch (match.kind()) {
      case SERVICE -> match.service().equals(name);
      case PREFIX -> name.startsWith(match.prefix());
      case GLOB -> match.glob().fits(name);
      case ANY -> true;
    };
  }
}
