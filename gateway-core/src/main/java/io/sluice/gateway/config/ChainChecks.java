package io.sluice.gateway.config;

import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks what the lists of filters come to where calls pass one after another. */
final class ChainChecks {

  /** What is known of a filter that was made. */
  record Made(Mark at, List<String> comesAfter) {}

  private final LoadedConfig config;
  private final Map<NamedFilter, Made> made;
  private final Faults faults;

  /** The places of two filters that were found in the wrong order. */
  private final Set<List<Mark>> told = new HashSet<>();

  /**
   * @param made by their identity
   */
  ChainChecks(LoadedConfig config, Map<NamedFilter, Made> made, Faults faults) {
    this.config = config;
    this.made = new IdentityHashMap<>(made);
    this.faults = faults;
  }

  void run() {
    if (made.isEmpty()) {
      return;
    }
    for (Map.Entry<String, List<NamedFilter>> listener : config.listenerFilters().entrySet()) {
      List<NamedFilter> before = joined(config.filters(), listener.getValue());
      check(before);
      for (LoadedRoute route : config.routes()) {
        String only = route.config().matchOrAll().listener();
        if (only == null || only.equals(listener.getKey())) {
          check(joined(before, route.filters()), route);
        }
      }
    }
  }

  private void check(List<NamedFilter> before, LoadedRoute route) {
    for (String cluster : route.config().weights().keySet()) {
      check(joined(before, config.clusterFilters().getOrDefault(cluster, List.of())));
    }
  }

  private void check(List<NamedFilter> chain) {
    if (chain.size() > FilterChain.MOST) {
      faults.add(
          made.get(chain.get(FilterChain.MOST)).at(),
          "some calls pass " + chain.size() + " filters",
          "at most " + FilterChain.MOST);
    }
    for (int i = 0; i < chain.size(); i++) {
      List<String> first = made.get(chain.get(i)).comesAfter();
      for (int j = i + 1; j < chain.size() && !first.isEmpty(); j++) {
        if (first.contains(chain.get(j).name())) {
          tell(chain.get(i), chain.get(j));
        }
      }
    }
  }

  private void tell(NamedFilter early, NamedFilter late) {
    Mark at = made.get(early).at();
    if (told.add(List.of(at, made.get(late).at()))) {
      faults.add(
          at,
          "filter "
              + Faults.quote(early.name())
              + " ("
              + early.place().origin()
              + ") comes before "
              + Faults.quote(late.name())
              + " and goes by what that says",
          "it has to come after the one in "
              + config.file()
              + ":"
              + late.place().line()
              + " ("
              + late.place().origin()
              + ")");
    }
  }

  private static List<NamedFilter> joined(List<NamedFilter> first, List<NamedFilter> more) {
    List<NamedFilter> all = new ArrayList<>(first);
    all.addAll(more);
    return all;
  }
}
