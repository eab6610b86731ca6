package io.sluice.gateway.config;

import io.sluice.api.Codec;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds routes that are equally specific and could both take one call. Routes that are told apart
 * by one and the same condition, be it ten thousand of them, are not compared with each other.
 */
final class RouteTies {

  /** Only routes with all of this equal can tie. */
  private record Rank(long specificity, @Nullable String service, @Nullable Glob method) {}

  /** Routes of one rank, by the names of their conditions and by their values. */
  private final Map<Rank, Map<Set<String>, Map<Map<String, Object>, List<RouteConfig>>>> ranks =
      new HashMap<>();

  /**
   * Adds a route.
   *
   * @return one of those added before that ties with it, or null
   */
  @Nullable RouteConfig add(RouteConfig route) {
    MatchConfig match = route.matchOrAll();
    Map<String, Object> conditions = match.conditions();
    Map<Set<String>, Map<Map<String, Object>, List<RouteConfig>>> peers =
        ranks.computeIfAbsent(rank(match), rank -> new HashMap<>());
    RouteConfig tied = null;
    for (var alike : peers.entrySet()) {
      if (tied == null) {
        tied =
            alike.getKey().equals(conditions.keySet())
                ? meeting(match, alike.getValue().getOrDefault(conditions, List.of()))
                : meeting(match, conditions, alike.getValue());
      }
    }
    peers
        .computeIfAbsent(conditions.keySet(), names -> new HashMap<>())
        .computeIfAbsent(conditions, values -> new ArrayList<>())
        .add(route);
    return tied;
  }

  private static Rank rank(MatchConfig match) {
    Glob method = match.method();
    return new Rank(
        match.specificity(),
        match.service() != null ? match.service() : match.prefix(),
        method != null && method.isLiteral() ? method : null);
  }

  private static @Nullable RouteConfig meeting(
      MatchConfig match,
      Map<String, Object> conditions,
      Map<Map<String, Object>, List<RouteConfig>> others) {
    for (var other : others.entrySet()) {
      RouteConfig met =
          canBothHold(conditions, other.getKey()) ? meeting(match, other.getValue()) : null;
      if (met != null) {
        return met;
      }
    }
    return null;
  }

  private static @Nullable RouteConfig meeting(MatchConfig match, List<RouteConfig> others) {
    for (RouteConfig other : others) {
      if (meet(match.glob(), other.matchOrAll().glob())
          && meet(match.method(), other.matchOrAll().method())) {
        return other;
      }
    }
    return null;
  }

  private static boolean meet(@Nullable Glob a, @Nullable Glob b) {
    return a == null || b == null || a.meets(b);
  }

  private static boolean canBothHold(Map<String, Object> a, Map<String, Object> b) {
    Map<String, Object> both = new HashMap<>(a);
    for (Map.Entry<String, Object> entry : b.entrySet()) {
      Object other = both.put(entry.getKey(), entry.getValue());
      if (other != null && !other.equals(entry.getValue())) {
        return false;
      }
    }
    return canHold(both);
  }

  /**
   * Whether there are such calls at all: Protobuf has no form without a length, nor as ttstream.
   */
  static boolean canHold(Map<String, Object> conditions) {
    return areThere(conditions.get("protocol"), conditions.get("codec"));
  }

  /** Whether there are calls by this protocol in this codec; null stands for any. */
  static boolean areThere(@Nullable Object protocol, @Nullable Object codec) {
    return codec != Codec.PROTOBUF
        || protocol != Protocol.BUFFERED && protocol != Protocol.TTSTREAM;
  }
}
