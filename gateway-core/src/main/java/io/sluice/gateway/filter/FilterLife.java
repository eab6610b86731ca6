package io.sluice.gateway.filter;

import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The filters of one configuration, from their start to their stop. Both block, so they belong on a
 * worker thread; to be used by one thread at a time.
 */
public final class FilterLife {
  private static final Logger LOG = LoggerFactory.getLogger(FilterLife.class);

  private final Deque<NamedFilter> started = new ArrayDeque<>();

  private FilterLife() {}

  /**
   * Starts the filters one after another; one that is there twice, once.
   *
   * @throws FilterStartException if one cannot work; those before it have been stopped again
   */
  public static FilterLife start(Iterable<NamedFilter> filters, FilterContext context)
      throws FilterStartException {
    FilterLife life = new FilterLife();
    Set<Filter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (NamedFilter named : filters) {
      if (!seen.add(named.filter())) {
        continue;
      }
      try {
        named.filter().start(context);
        life.started.push(named);
      } catch (Exception | LinkageError e) {
        life.stop();
        throw new FilterStartException(named.name(), e);
      }
    }
    return life;
  }

  /** Stops those that run, the last started first; one that fails does not keep the others. */
  public void stop() {
    for (NamedFilter named = started.poll(); named != null; named = started.poll()) {
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
}
