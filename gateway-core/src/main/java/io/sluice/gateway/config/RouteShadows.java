package io.sluice.gateway.config;

import io.sluice.api.Glob;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.MatchConfig.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds routes whose calls are all taken by one that is more specific. */
final class RouteShadows {
  /** The only listener that serves calls, or null. */
  private final @Nullable String onlyListener;

  private final Map<String, List<RouteConfig>> services = new HashMap<>();
  private final Map<String, List<RouteConfig>> prefixes = new HashMap<>();
  private final List<RouteConfig> globsForAll = new ArrayList<>();

  /** Those that go before others which say the same of the service, and yet ask for no more. */
  private final Map<MatchConfig.Kind, Map<Object, List<RouteConfig>>> eager = new HashMap<>();

  RouteShadows(GatewayConfig config) {
    List<String> listeners =
        config.listeners().entrySet().stream()
            .filter(entry -> entry.getValue().serves() == Serves.RPC)
            .map(Map.Entry::getKey)
            .toList();
    onlyListener = listeners.size() == 1 ? listeners.get(0) : null;
    config.routes().forEach(this::add);
  }

  private void add(RouteConfig route) {
    MatchConfig match = route.matchOrAll();
    switch (match.kind()) {
      case SERVICE -> services.computeIfAbsent(match.service(), s -> new ArrayList<>()).add(route);
      case PREFIX -> prefixes.computeIfAbsent(match.prefix(), p -> new ArrayList<>()).add(route);
      case GLOB -> {
        if (match.glob().fitsAll()) {
          globsForAll.add(route);
        }
      }
      case ANY -> {}
    }
    boolean everyMethod = match.method() != null && match.method().fitsAll();
    if (everyMethod || match.listener() != null && match.listener().equals(onlyListener)) {
      eager
          .computeIfAbsent(match.kind(), kind -> new HashMap<>())
          .computeIfAbsent(text(match), text -> new ArrayList<>())
          .add(route);
    }
  }

  private static Object text(MatchConfig match) {
    return switch (match.kind()) {
      case SERVICE -> match.service();
      case PREFIX -> match.prefix();
      case GLOB -> match.glob();
      case ANY -> "";
    };
  }

  /** One that leaves the route without a call, or null. */
  @Nullable RouteConfig of(RouteConfig route) {
    MatchConfig match = route.matchOrAll();
    RouteConfig found =
        among(
            eager.getOrDefault(match.kind(), Map.of()).getOrDefault(text(match), List.of()), match);
    if (found == null && match.kind() == Kind.GLOB) {
      found = beforeGlob(match.glob(), match);
    }
    return found == null && match.kind() == Kind.ANY ? among(globsForAll, match) : found;
  }

  private @Nullable RouteConfig beforeGlob(Glob glob, MatchConfig match) {
    String begin = glob.begin();
    RouteConfig found =
        glob.isLiteral() ? among(services.getOrDefault(begin, List.of()), match) : null;
    for (int length = begin.length(); found == null && length > 0; length--) {
      found = among(prefixes.getOrDefault(begin.substring(0, length), List.of()), match);
    }
    return found;
  }

  private @Nullable RouteConfig among(List<RouteConfig> others, MatchConfig match) {
    for (RouteConfig other : others) {
      MatchConfig before = other.matchOrAll();
      if (before.specificity() > match.specificity()
          && takesMethods(before.method(), match.method())
          && takesConditions(before, match)) {
        return other;
      }
    }
    return null;
  }

  private static boolean takesMethods(@Nullable Glob before, @Nullable Glob method) {
    return before == null
        || before.fitsAll()
        || method != null
            && (before.equals(method) || method.isLiteral() && before.fits(method.toString()));
  }

  private boolean takesConditions(MatchConfig before, MatchConfig match) {
    Map<String, Object> conditions = match.conditions();
    return before.conditions().entrySet().stream()
        .allMatch(
            entry ->
                entry.getValue().equals(conditions.get(entry.getKey()))
                    || entry.getKey().equals("listener") && entry.getValue().equals(onlyListener));
  }
}
