package io.sluice.gateway.config;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The filters of one load, by what made them. The next load goes on with those whose place, factory
 * and settings are the same, so that what they have counted and opened stays. Used by one thread.
 */
final class MadeFilters {

  /**
   * What a filter was made of.
   *
   * @param scope whose list it is in, see {@link io.sluice.gateway.filter.FilterPlace}
   */
  private record Origin(String scope, FilterFactory<?> factory, Record settings) {}

  /**
   * In the order of the list; of filters that are made of the same, the first becomes the first.
   */
  private final Map<Origin, Deque<Filter>> filters = new HashMap<>();

  void add(String scope, FilterFactory<?> factory, Record settings, Filter filter) {
    filters
        .computeIfAbsent(new Origin(scope, factory, settings), made -> new ArrayDeque<>())
        .add(filter);
  }

  /** Takes one out, null if there is none that is made of this. */
  @Nullable Filter take(String scope, FilterFactory<?> factory, Record settings) {
    Deque<Filter> made = filters.get(new Origin(scope, factory, settings));
    return made == null ? null : made.poll();
  }

  MadeFilters copy() {
    MadeFilters copy = new MadeFilters();
    filters.forEach((origin, made) -> copy.filters.put(origin, new ArrayDeque<>(made)));
    return copy;
  }
}
