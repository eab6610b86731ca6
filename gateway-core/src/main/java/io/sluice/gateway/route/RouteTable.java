package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.api.Glob;
import io.sluice.gateway.config.MatchConfig;
import io.sluice.gateway.filter.FilterChain;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds a call's route: of all rules that take it the most specific, see {@link
 * MatchConfig#specificity}. Rules are for names of services with their package and without; of two
 * that are equally specific, the one that fits the name with its package counts. With it come the
 * chains that run before there is a route. Immutable.
 *
 * <p>What a rule says of the service and of the method is looked up; only its other conditions are
 * tried one by one, and only of rules that fit so far.
 */
public final class RouteTable {
  private final Object identity;
  private final Entrances entrances;
  private final List<Rule> rules;
  private final Map<String, Route> byName = new HashMap<>();
  private final Map<String, Candidates> services = new HashMap<>();
  private final Affixes<Candidates> prefixes;
  private final Globs globs;
  private final Candidates any;
  private final @Nullable RouteTable lastResort;

  /**
   * @param entrances what runs on every call, also on those without a route
   * @param rules no two equally specific ones that take the same call
   */
  public RouteTable(Entrances entrances, List<Rule> rules) {
    this(new Object(), entrances, rules, null);
  }

  private RouteTable(
      Object identity, Entrances entrances, List<Rule> rules, @Nullable RouteTable lastResort) {
    this.identity = identity;
    this.entrances = entrances;
    this.rules = List.copyOf(rules);
    this.lastResort = lastResort;
    Map<String, List<Rule>> byService = new HashMap<>();
    Map<String, List<Rule>> byPrefix = new HashMap<>();
    Map<Glob, List<Rule>> byGlob = new LinkedHashMap<>();
    List<Rule> others = new ArrayList<>();
    for (Rule rule : rules) {
      byName.put(rule.route().name(), rule.route());
      MatchConfig match = rule.match();
      (switch (match.kind()) {
            case SERVICE -> byService.computeIfAbsent(match.service(), s -> new ArrayList<>());
            case PREFIX -> byPrefix.computeIfAbsent(match.prefix(), p -> new ArrayList<>());
            case GLOB -> byGlob.computeIfAbsent(match.glob(), g -> new ArrayList<>());
            case ANY -> others;
          })
          .add(rule);
    }
    byService.forEach((service, of) -> services.put(service, new Candidates(of)));
    Map<String, Candidates> ofPrefixes = new HashMap<>();
    byPrefix.forEach((prefix, of) -> ofPrefixes.put(prefix, new Candidates(of)));
    prefixes = new Affixes<>(ofPrefixes, false);
    globs = new Globs(byGlob);
    any = new Candidates(others);
  }

  /** The filters that run before there is a route. */
  public Entrances entrances() {
    return entrances;
  }

  /**
   * The same table, in front of another.
   *
   * @param lastResort takes of the calls that no rule here takes those that it has one for
   */
  public RouteTable inFrontOf(RouteTable lastResort) {
    return new RouteTable(new Object(), entrances, rules, lastResort);
  }

  /**
   * What is left of the table when all of its calls have their routes: nothing but its identity.
   */
  public RouteTable emptied() {
    Entrances none = Entrances.all(FilterChain.of(List.of()));
    return new RouteTable(identity, none, List.of(), null);
  }

  /** Whether the other one is this one, or what is left of it. */
  public boolean isSame(RouteTable other) {
    return identity == other.identity;
  }

  /** In the order of the configuration, without those of a table behind this. */
  public List<Rule> rules() {
    return rules;
  }

  /** The route of this name, not of a table behind this, or null. */
  public @Nullable Route route(String name) {
    return byName.get(name);
  }

  /**
   * The routes that calls of a service may take, but for those that are for any service.
   *
   * @param service with its package
   */
  public List<Route> routesOf(String service) {
    Set<Rule> meant = new LinkedHashSet<>();
    addRules(service, meant);
    addRules(service.substring(service.lastIndexOf('.') + 1), meant);
    List<Route> routes = new ArrayList<>();
    for (Rule rule : meant.stream().sorted(Rule.MOST_SPECIFIC_FIRST).toList()) {
      routes.add(rule.route());
      if (rule.takesAll()) {
        break;
      }
    }
    return routes;
  }

  private void addRules(String service, Set<Rule> meant) {
    Candidates named = services.get(service);
    if (named != null) {
      meant.addAll(named.all());
    }
    for (var node = prefixes.longest(service); node != null; node = node.shorter()) {
      meant.addAll(node.value().all());
    }
    globs.addRules(service, meant);
  }

  /** The rule whose route the call takes, or null. */
  public @Nullable Rule find(Call call) {
    String service = call.service();
    String full = call.packageName().isEmpty() ? null : call.packageName() + '.' + service;
    Rule found = better(full == null ? null : ofService(full, call), ofService(service, call));
    if (found == null) {
      found = better(full == null ? null : ofPrefix(full, call), ofPrefix(service, call));
    }
    if (found == null) {
      found = better(full == null ? null : globs.find(full, call), globs.find(service, call));
    }
    if (found == null) {
      found = any.find(call);
    }
    return found == null && lastResort != null ? lastResort.find(call) : found;
  }

  /**
   * Why the call does not take the other routes, for whoever wonders; looks at all of them.
   *
   * @return the nearest first: those that would take it, then those with the least against it
   */
  public List<Verdict> others(Call call) {
    return Verdict.of(this, call);
  }

  private @Nullable Rule ofService(String service, Call call) {
    Candidates candidates = services.get(service);
    return candidates == null ? null : candidates.find(call);
  }

  private @Nullable Rule ofPrefix(String service, Call call) {
    for (var node = prefixes.longest(service); node != null; node = node.shorter()) {
      Rule found = node.value().find(call);
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** The more specific of the two, the first if they are equally so. */
  static @Nullable Rule better(@Nullable Rule a, @Nullable Rule b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return a.isAsSpecificAs(b) ? a : b;
  }
}
