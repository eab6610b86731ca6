package io.sluice.gateway.context;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.config.RedisConfig;
import io.sluice.gateway.filter.Lender;
import io.sluice.gateway.filter.NamedFilter;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lends each filter of a gateway its context. Filters that run go over to another Redis when the
 * configuration that names it is in force.
 */
public final class Contexts implements Lender {
  /** Commands on their way to a Redis that is no longer named may take so long. */
  private static final Duration LETTING_GO = Duration.ofSeconds(60);

  private final Vertx vertx;
  private final Meters meters;
  private final Loops loops;
  private final ScheduledThreadPoolExecutor clock;
  private final Set<FilterLoan> loans = ConcurrentHashMap.newKeySet();
  private volatile @Nullable RedisLink redis;

  /** That of the configuration that is being put in force. */
  private volatile @Nullable RedisLink nextRedis;

  /** Those that are no longer named, while commands may be on their way to them. */
  private final Set<RedisLink> leaving = ConcurrentHashMap.newKeySet();

  public Contexts(Vertx vertx, MeterRegistry registry) {
    this.vertx = vertx;
    this.meters = new Meters(registry);
    this.loops = new Loops(vertx);
    this.clock = clock();
  }

  /** One thread that only says when; work is done elsewhere. */
  private static ScheduledThreadPoolExecutor clock() {
    ScheduledThreadPoolExecutor clock =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread thread = new Thread(null, work, "sluice-clock", 0, false);
              thread.setDaemon(true);
              return thread;
            });
    clock.setRemoveOnCancelPolicy(true);
    clock.prestartCoreThread(); // here, where no plugin's code is on the stack to be remembered
    return clock;
  }

  @Override
  public Loan lend(NamedFilter filter) {
    return lend(new User("filter", filter.name(), filter.filter().getClass().getClassLoader()));
  }

  /**
   * Begins a loan to something else than a filter; otherwise as {@link #lend(NamedFilter)}.
   *
   * @param kind what it is, as messages and its threads' names tell it
   * @param name as in the configuration
   * @param code its class loader
   */
  public Loan lend(String kind, String name, ClassLoader code) {
    return lend(new User(kind, name, code));
  }

  private Loan lend(User user) {
    FilterLoan loan = new FilterLoan(user, vertx, meters, loops, clock, nextRedis, loans::remove);
    loans.add(loan);
    return loan;
  }

  /**
   * A configuration is to be put in force; filters that are lent to from now on get its Redis.
   *
   * @param config null if it names none
   */
  public void prepare(@Nullable RedisConfig config) {
    RedisLink now = redis;
    RedisLink before = nextRedis;
    if (now != null && now.config().equals(config)) {
      nextRedis = now;
    } else {
      nextRedis = config == null ? null : new RedisLink(vertx, clock, config);
    }
    if (before != null && before != now) {
      before.close(); // its configuration has never been in force
    }
  }

  /** The configuration is in force that was last prepared. */
  public void inForce() {
    RedisLink before = redis;
    RedisLink now = nextRedis;
    redis = now;
    if (before != now) {
      loans.forEach(loan -> loan.redis(now));
      if (before != null) {
        leaving.add(before);
        clock.schedule(() -> leave(before), LETTING_GO.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  private void leave(RedisLink link) {
    if (leaving.remove(link)) {
      link.close();
    }
  }

  /** There are no more filters. */
  public void close() {
    prepare(null);
    RedisLink last = redis;
    if (last != null) {
      last.close();
    }
    clock.shutdownNow();
    leaving.forEach(this::leave);
  }
}
