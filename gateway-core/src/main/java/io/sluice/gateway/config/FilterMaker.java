package io.sluice.gateway.config;

import io.sluice.api.Factory;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.config.ConfigNode.Empty;
import io.sluice.gateway.config.FilterUse.OnError;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.FilterPlace;
import io.sluice.gateway.filter.NamedFilter;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the filters that a configuration uses, whatever their factories may throw. */
final class FilterMaker {
  private final Extensions extensions;
  private final Binder binder;
  private final Positions positions;
  private final Faults faults;
  private final MadeFilters earlier;
  private final MadeFilters made = new MadeFilters();
  private final Map<NamedFilter, ChainChecks.Made> places = new IdentityHashMap<>();

  /**
   * @param earlier those of the load before, to go on with where nothing has changed
   */
  FilterMaker(
      Extensions extensions,
      Binder binder,
      Positions positions,
      Faults faults,
      MadeFilters earlier) {
    this.extensions = extensions;
    this.binder = binder;
    this.positions = positions;
    this.faults = faults;
    this.earlier = earlier;
  }

  /** All that were made or kept. */
  MadeFilters made() {
    return made;
  }

  /** Where each of them is used, by its identity. */
  Map<NamedFilter, ChainChecks.Made> places() {
    return places;
  }

  /**
   * Makes those that can be made; for each of the others a fault is added.
   *
   * @param origin whose list it is, see {@link FilterPlace}
   */
  List<NamedFilter> make(String origin, List<FilterUse> uses) {
    List<NamedFilter> filters = new ArrayList<>();
    for (FilterUse use : uses) {
      NamedFilter filter = make(origin, use);
      if (filter != null) {
        filters.add(filter);
      }
    }
    return filters;
  }

  // null without a name: a fault that the binder has told
  @SuppressWarnings("ConstantValue")
  private @Nullable NamedFilter make(String origin, FilterUse use) {
    if (use.use() == null) {
      return null;
    }
    Mark at = positions.ofValue(use, "use");
    Factory<?, ?> named = extensions.find(Extensions.Kind.FILTER, use.use(), at, faults);
    if (!(named instanceof FilterFactory<?> factory)) {
      return null;
    }
    try {
      return make(origin, factory, use);
    } catch (IllegalArgumentException e) {
      faults.add(at, "filter " + Faults.quote(use.use()), String.valueOf(e.getMessage()));
    } catch (Throwable e) { // whatever its author's code may throw
      faults.add(at, "filter " + Faults.quote(use.use()) + " failed", e.toString());
    }
    return null;
  }

  private <S extends Record> @Nullable NamedFilter make(
      String origin, FilterFactory<S> factory, FilterUse use) {
    int before = faults.count();
    ConfigNode with = use.with() instanceof Empty ? new Empty(positions.of(use)) : use.with();
    S settings = binder.bind(factory.settings(), with);
    if (settings == null || faults.count() > before) {
      return null;
    }
    Filter kept = earlier.take(origin, factory, settings);
    Filter filter = kept == null ? create(factory, settings) : kept;
    made.add(origin, factory, settings, filter);
    Mark at = positions.ofValue(use, "use");
    NamedFilter named = new NamedFilter(use.use(), filter, place(origin, at, use));
    FilterChain.of(List.of(named)); // finds its hooks here, where it may fail
    places.put(named, new ChainChecks.Made(at, List.copyOf(factory.comesAfter(settings))));
    return named;
  }

  private static FilterPlace place(String origin, Mark at, FilterUse use) {
    return new FilterPlace(
        origin,
        at.line(),
        use.onError() == OnError.OPEN,
        use.shadow(),
        use.when() == null ? null : new CallMatch(use.when()),
        use.answerWithin() == null ? 0 : use.answerWithin().toNanos());
  }

  private static <S extends Record> Filter create(FilterFactory<S> factory, S settings) {
    Filter filter = factory.create(settings);
    if (filter == null) {
      throw new IllegalArgumentException("its factory made none");
    }
    return filter;
  }
}
