package io.sluice.gateway.route;

import io.sluice.gateway.filter.FilterChain;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds a call's route by its service: the exact name, else the longest prefix, else the default.
 * With it comes the chain that runs before there is a route. Immutable.
 */
public final class RouteTable {

  /** A route and what it is for. */
  public sealed interface Rule {
    Route route();

    /** Services of exactly this name, with their package if they have one. */
    record Exact(String service, Route route) implements Rule {}

    /** Services whose name begins with this. */
    record Prefix(String prefix, Route route) implements Rule {}

    /** All that no other rule is for. */
    record Default(Route route) implements Rule {}
  }

  private final FilterChain beforeRouting;
  private final Map<String, Route> exact = new HashMap<>();
  private final TreeMap<String, Route> prefixes = new TreeMap<>();
  private final @Nullable Route fallback;
  private final List<Rule> rules;

  /**
   * @param beforeRouting runs on every call, also on those without a route
   * @param rules no two for the same
   */
  public RouteTable(FilterChain beforeRouting, List<Rule> rules) {
    this.beforeRouting = beforeRouting;
    this.rules = List.copyOf(rules);
    Route fallback = null;
    for (Rule rule : rules) {
      if (rule instanceof Rule.Exact r) {
        exact.put(r.service(), r.route());
      } else if (rule instanceof Rule.Prefix r) {
        prefixes.put(r.prefix(), r.route());
      } else {
        fallback = rule.route();
      }
    }
    this.fallback = fallback;
  }

  /** The filters that run before there is a route. */
  public FilterChain beforeRouting() {
    return beforeRouting;
  }

  public List<Rule> rules() {
    return rules;
  }

  /**
   * The route of a service, or null.
   *
   * @param packageName may be empty
   * @param service may be empty
   */
  public @Nullable Route find(String packageName, String service) {
    if (!packageName.isEmpty()) {
      Route route = named(packageName + '.' + service);
      if (route != null) {
        return route;
      }
    }
    Route route = named(service);
    return route != null ? route : fallback;
  }

  private @Nullable Route named(String service) {
    Route route = exact.get(service);
    if (route != null || prefixes.isEmpty()) {
      return route;
    }
    // The longest prefix sorts at or before the name; whatever stands between shares its beginning.
    Map.Entry<String, Route> entry = prefixes.floorEntry(service);
    while (entry != null && !service.startsWith(entry.getKey())) {
      entry = prefixes.floorEntry(common(entry.getKey(), service));
    }
    return entry == null ? null : entry.getValue();
  }

  private static String common(String a, String b) {
    int i = 0;
    while (i < a.length() && i < b.length() && a.charAt(i) == b.charAt(i)) {
      i++;
    }
    return a.substring(0, i);
  }
}
