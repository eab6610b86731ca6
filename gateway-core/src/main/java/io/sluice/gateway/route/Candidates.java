package io.sluice.gateway.route;

import io.sluice.api.Call;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rules that say the same of the service, found by what else they ask for. Immutable. */
final class Candidates {
  private static final Rule[] NONE = {};

  private final Map<String, Rule[]> byMethod = new HashMap<>();
  private final Rule[] rest;
  private final List<Rule> all;

  Candidates(List<Rule> rules) {
    all = List.copyOf(rules);
    Map<String, List<Rule>> named = new HashMap<>();
    List<Rule> others = new ArrayList<>();
    for (Rule rule : rules) {
      boolean exact = rule.match().method() != null && rule.match().method().isLiteral();
      (exact
              ? named.computeIfAbsent(rule.match().method().toString(), m -> new ArrayList<>())
              : others)
          .add(rule);
    }
    named.forEach((method, of) -> byMethod.put(method, sorted(of)));
    rest = sorted(others);
  }

  private static Rule[] sorted(List<Rule> rules) {
    return rules.stream().sorted(Rule.MOST_SPECIFIC_FIRST).toArray(Rule[]::new);
  }

  /** In the order of the configuration. */
  List<Rule> all() {
    return all;
  }

  /** The most specific of the rules that take the call, or null. */
  @Nullable Rule find(Call call) {
    if (!byMethod.isEmpty()) {
      for (Rule rule : byMethod.getOrDefault(call.method(), NONE)) {
        if (rule.fitsConditions(call)) {
          return rule;
        }
      }
    }
    for (Rule rule : rest) {
      if (rule.fitsMethod(call.method()) && rule.fitsConditions(call)) {
        return rule;
      }
    }
    return null;
  }
}
