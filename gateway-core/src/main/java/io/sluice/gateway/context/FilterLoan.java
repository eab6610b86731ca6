package io.sluice.gateway.context;

import io.sluice.api.Cache;
import io.sluice.api.FilterContext;
import io.sluice.api.Redis;
import io.sluice.gateway.filter.Lender.Loan;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.PoolOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one filter has been lent. Safe for all threads. */
final class FilterLoan implements Loan, FilterContext {
  private static final Logger LOG = LoggerFactory.getLogger(FilterLoan.class);
  private static final int MAX_CACHES = 100;
  private static final int MAX_ENTRIES = 10_000_000;
  private static final long CLOSE_SECONDS = 1;
  private static final Duration HTTP_CONNECT = Duration.ofSeconds(5);
  private static final Duration HTTP_IDLE = Duration.ofSeconds(30);
  private static final int HTTP_CONNECTIONS = 16;
  private static final int HTTP_WAITING = 256;

  private final User user;
  private final Vertx vertx;
  private final Worker worker;
  private final Schedule schedule;
  private final LoanMeters meters;
  private final RedisHandle redis;
  private final Consumer<FilterLoan> closed;
  private final List<BoundedCache<?, ?>> caches = new ArrayList<>();
  private @Nullable HttpClient http;
  private volatile boolean isClosed;

  /**
   * @param redis null if the configuration names none
   * @param closed is told when all has been taken back
   */
  FilterLoan(
      User user,
      Vertx vertx,
      Meters meters,
      Loops loops,
      ScheduledExecutorService clock,
      @Nullable RedisLink redis,
      Consumer<FilterLoan> closed) {
    this.user = user;
    this.vertx = vertx;
    this.worker = new Worker(user, loops, clock);
    this.schedule = new Schedule(user, worker, clock);
    this.meters = new LoanMeters(meters);
    this.redis = new RedisHandle(user, loops, worker, redis);
    this.closed = closed;
  }

  @Override
  public FilterContext context() {
    return this;
  }

  /** The Redis to which commands go from now on; null if there is none. */
  synchronized void redis(@Nullable RedisLink now) {
    redis.goTo(isClosed ? null : now);
  }

  private void checkOpen() {
    if (isClosed) {
      throw user.stopped();
    }
  }

  @Override
  public synchronized Counter counter(String name, String description) {
    checkOpen();
    return meters.counter(name, description);
  }

  @Override
  public synchronized void gauge(String name, String description, LongSupplier value) {
    checkOpen();
    meters.gauge(name, description, value);
  }

  @Override
  public synchronized Timing timing(String name, String description) {
    checkOpen();
    return meters.timing(name, description);
  }

  @Override
  public <T> Future<T> blocking(Callable<T> work) {
    checkOpen();
    return worker.ask(work);
  }

  @Override
  public Scheduled after(Duration delay, Runnable work) {
    checkOpen();
    return schedule.after(delay, work);
  }

  @Override
  public Scheduled every(Duration period, Runnable work) {
    checkOpen();
    return schedule.every(period, work);
  }

  @Override
  public synchronized HttpClient http() {
    checkOpen();
    HttpClient client = http;
    if (client == null) {
      client =
          vertx.createHttpClient(
              new HttpClientOptions()
                  .setConnectTimeout((int) HTTP_CONNECT.toMillis())
                  .setIdleTimeoutUnit(TimeUnit.SECONDS)
                  .setIdleTimeout((int) HTTP_IDLE.toSeconds()),
              new PoolOptions()
                  .setHttp1MaxSize(HTTP_CONNECTIONS)
                  .setHttp2MaxSize(HTTP_CONNECTIONS)
                  .setMaxWaitQueueSize(HTTP_WAITING));
      http = client;
    }
    return client;
  }

  @Override
  public synchronized <K, V> Cache<K, V> cache(int maxEntries, Duration maxAge) {
    checkOpen();
    if (maxEntries < 1 || maxEntries > MAX_ENTRIES) {
      throw new IllegalArgumentException("a cache has 1 to " + MAX_ENTRIES + " entries");
    }
    if (maxAge.isNegative() || maxAge.isZero()) {
      throw new IllegalArgumentException("the age of a cache's entries is more than nothing");
    }
    if (caches.size() >= MAX_CACHES) {
      throw new IllegalStateException(user + " has " + MAX_CACHES + " caches");
    }
    BoundedCache<K, V> cache = new BoundedCache<>(maxEntries, maxAge);
    caches.add(cache);
    return cache;
  }

  @Override
  public Optional<Redis> redis() {
    checkOpen();
    return redis.isThere() ? Optional.of(redis) : Optional.empty();
  }

  @Override
  public void endSchedule() {
    schedule.end();
  }

  @Override
  public void close() {
    HttpClient client;
    synchronized (this) {
      isClosed = true;
      meters.close();
      redis.goTo(null);
      client = http;
    }
    worker.close();
    caches.forEach(this::close);
    if (client != null) {
      close(client);
    }
    closed.accept(this);
  }

  /** Its keys are the filter's, and what they are asked for may fail. */
  private void close(BoundedCache<?, ?> cache) {
    try {
      cache.close();
    } catch (Throwable e) { // whatever its author's code may throw
      LOG.atWarn()
          .setMessage("a cache of {} could not be emptied")
          .addArgument(user)
          .setCause(e)
          .log();
    }
  }

  private void close(HttpClient client) {
    try {
      client.close().toCompletionStage().toCompletableFuture().get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.atWarn()
          .setMessage("the HTTP client of {} is not closed yet")
          .addArgument(user)
          .setCause(e)
          .log();
    }
  }
}
