package io.sluice.gateway.config;

import io.sluice.api.Call;
import io.sluice.api.Glob;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Tells which calls a match is for, and in words why it is not for others. Immutable. */
public final class CallMatch implements Predicate<Call> {
  private final MatchConfig match;
  private final @Nullable Glob method;
  private final Condition[] conditions;

  public CallMatch(MatchConfig match) {
    this.match = match;
    this.method = match.method();
    this.conditions = Condition.of(match);
  }

  /** Whether it takes every call of the services that it is for. */
  public boolean takesAllOfService() {
    return method == null && conditions.length == 0;
  }

  /** Whether it is for a call. */
  @Override
  public boolean test(Call call) {
    return fitsMethod(call.method()) && fitsConditions(call) && fitsService(call);
  }

  private boolean fitsService(Call call) {
    return match.kind() == MatchConfig.Kind.ANY
        || fitsService(call.service())
        || !call.packageName().isEmpty() && fitsService(qualified(call));
  }

  private boolean fitsService(String name) {
    return switch (match.kind()) {
      case SERVICE -> match.service().equals(name);
      case PREFIX -> name.startsWith(match.prefix());
      case GLOB -> match.glob().fits(name);
      case ANY -> true;
    };
  }

  /** Whether what it says of the method holds. */
  public boolean fitsMethod(String name) {
    return method == null || method.fits(name);
  }

  /** Whether all that it says beside service and method holds. */
  public boolean fitsConditions(Call call) {
    for (Condition condition : conditions) {
      if (!condition.holds(call)) {
        return false;
      }
    }
    return true;
  }

  // In words.

  /** What of it a call does not fulfil; empty if it is for the call. */
  public List<String> misses(Call call) {
    List<String> misses = new ArrayList<>();
    if (!fitsService(call)) {
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

  /** The names by which a call's service is found: with its package first, and without it. */
  public static List<String> names(Call call) {
    return call.packageName().isEmpty()
        ? List.of(call.service())
        : List.of(qualified(call), call.service());
  }

  private static String qualified(Call call) {
    return call.packageName() + '.' + call.service();
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

  private static String quote(Object text) {
    return "'" + text + "'";
  }
}
