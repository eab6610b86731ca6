package io.sluice.gateway.filter;

import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Filters from their start, before the first configuration that uses them runs, to their stop,
 * after the last one has. Both block, so they belong on a worker thread; to be used by one thread
 * at a time.
 */
public final class FilterLife {
  private static final Logger LOG = LoggerFactory.getLogger(FilterLife.class);

  private final FilterContext context;

  /** How many configurations use a filter. */
  private final Map<Filter, Integer> users = new IdentityHashMap<>();

  /**
   * @param context what filters are lent
   */
  public FilterLife(FilterContext context) {
    this.context = context;
  }

  /**
   * A configuration is to run. Starts those of its filters that do not run yet, one after another.
   *
   * @throws FilterStartException if one cannot work; those started before it have been stopped
   *     again, and nothing is used
   */
  public void use(Collection<NamedFilter> filters) throws FilterStartException {
    List<NamedFilter> used = new ArrayList<>();
    for (NamedFilter named : once(filters)) {
      try {
        if (!users.containsKey(named.filter())) {
          named.filter().start(context);
        }
        users.merge(named.filter(), 1, Integer::sum);
        used.add(named);
      } catch (Exception | LinkageError e) {
        release(used);
        throw new FilterStartException(named.name(), e);
      }
    }
  }

  /**
   * A configuration runs no longer. Stops those of its filters that no other one uses, the last
   * first; one that fails does not keep the others.
   */
  public void release(Collection<NamedFilter> filters) {
    List<NamedFilter> lastFirst = once(filters);
    Collections.reverse(lastFirst);
    for (NamedFilter named : lastFirst) {
      Integer used = users.remove(named.filter());
      if (used == null) {
        continue; // its start has failed
      }
      if (used > 1) {
        users.put(named.filter(), used - 1);
      } else {
        stop(named);
      }
    }
  }

  private static List<NamedFilter> once(Collection<NamedFilter> filters) {
    Set<Filter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<NamedFilter> once = new ArrayList<>(filters);
    once.removeIf(named -> !seen.add(named.filter()));
    return once;
  }

  private static void stop(NamedFilter named) {
    try {
      named.filter().stop();
    } catch (RuntimeException | LinkageError e) {
      LOG.atError()
          .setMessage("filter did not stop as it should")
          .addKeyValue("filter", named.name())
          .setCause(e)
          .log();
    }
  }
}
