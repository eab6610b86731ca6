package io.sluice.gateway.filter;

import io.sluice.api.Filter;
import io.sluice.gateway.filter.Lender.Loan;
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

  /** What the start of an extension may take. */
  public static final long START_SECONDS = 60;

  /** What its stop may take before others are no longer kept waiting. */
  public static final long STOP_SECONDS = 10;

  private final Lender lender;
  private final long startSeconds;
  private final long stopSeconds;
  private final Map<Filter, Running> running = new IdentityHashMap<>();

  /**
   * @param lender lends each filter what it works with
   */
  public FilterLife(Lender lender) {
    this(lender, START_SECONDS, STOP_SECONDS);
  }

  /**
   * @param startSeconds what a start may take
   * @param stopSeconds what a stop may take
   */
  FilterLife(Lender lender, long startSeconds, long stopSeconds) {
    this.lender = lender;
    this.startSeconds = startSeconds;
    this.stopSeconds = stopSeconds;
  }

  /** A filter that has been started. */
  private final class Running {
    private final NamedFilter named;
    private final Loan loan;

    /** How many configurations use it. */
    private int users;

    Running(NamedFilter named, Loan loan) {
      this.named = named;
      this.loan = loan;
    }

    void stop() {
      loan.endSchedule();
      try {
        inTime("stop", named, stopSeconds, named.filter()::stop);
      } catch (Throwable e) {
        LOG.atError()
            .setMessage("filter did not stop as it should")
            .addKeyValue("filter", named.name())
            .setCause(e)
            .log();
      } finally {
        loan.close();
      }
    }
  }

  private static void inTime(String what, NamedFilter of, long seconds, InTime.Action code)
      throws Exception {
    InTime.run("filter-" + what + '-' + of.name(), seconds, code);
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
        Running filter = running.get(named.filter());
        if (filter == null) {
          filter = start(named);
          running.put(named.filter(), filter);
        }
        filter.users++;
        used.add(named);
      } catch (Throwable e) { // whatever its author's code may throw
        release(used);
        throw new FilterStartException(named.name(), e);
      }
    }
  }

  private Running start(NamedFilter named) throws Exception {
    Loan loan = lender.lend(named);
    boolean started = false;
    try {
      inTime("start", named, startSeconds, () -> named.filter().start(loan.context()));
      started = true;
    } finally {
      if (!started) {
        loan.endSchedule();
        loan.close();
      }
    }
    return new Running(named, loan);
  }

  /**
   * A configuration runs no longer. Stops those of its filters that no other one uses, the last
   * first; one that fails does not keep the others.
   */
  public void release(Collection<NamedFilter> filters) {
    List<NamedFilter> lastFirst = once(filters);
    Collections.reverse(lastFirst);
    for (NamedFilter named : lastFirst) {
      Running filter = running.get(named.filter());
      if (filter != null && --filter.users == 0) { // null if its start has failed
        running.remove(named.filter());
        filter.stop();
      }
    }
  }

  private static List<NamedFilter> once(Collection<NamedFilter> filters) {
    Set<Filter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<NamedFilter> once = new ArrayList<>(filters);
    once.removeIf(named -> !seen.add(named.filter()));
    return once;
  }
}
