package io.sluice.gateway.route;

import io.sluice.gateway.filter.FilterChain;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The chains that calls pass before they have a route, by their listeners. Immutable.
 *
 * @param ofOthers of calls to listeners that have none of their own
 * @param ofListeners by the listeners' names
 */
public record Entrances(FilterChain ofOthers, Map<String, FilterChain> ofListeners) {
  public Entrances {
    ofListeners = Map.copyOf(ofListeners);
  }

  /** The same chain for all. */
  public static Entrances all(FilterChain chain) {
    return new Entrances(chain, Map.of());
  }

  /** The chain of a call to this listener. */
  public FilterChain of(String listener) {
    return ofListeners.isEmpty() ? ofOthers : ofListeners.getOrDefault(listener, ofOthers);
  }

  /** All of them, each once. */
  public List<FilterChain> chains() {
    Set<FilterChain> chains = new LinkedHashSet<>();
    chains.add(ofOthers);
    chains.addAll(ofListeners.values());
    return new ArrayList<>(chains);
  }
}
