package io.sluice.api;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;

/**
 * What the gateway lends a filter from its start to its stop. All of it is closed by the gateway
 * after {@link Filter#stop}, in whatever state the filter leaves it; what is asked for after that
 * throws {@link IllegalStateException}. Safe for all threads.
 */
public interface FilterContext {

  /**
   * A counter on the metrics page; the same one for all that ask for the same name.
   *
   * @param name lower case, words joined by {@code _}; shown as {@code sluice_<name>_total}
   * @param description one sentence
   * @throws IllegalArgumentException if it is no such name, or means something else already
   */
  Counter counter(String name, String description);

  /**
   * A number on the metrics page that goes up and down; those of all that give the same name are
   * added up.
   *
   * @param name as of a {@link #counter}; shown as {@code sluice_<name>}
   * @param description one sentence
   * @param value asked whenever the page is read, on any thread; must not block
   * @throws IllegalArgumentException as {@link #counter}
   */
  void gauge(String name, String description, LongSupplier value);

  /**
   * How long something takes, on the metrics page; the same one for all that ask for the same name.
   *
   * @param name as of a {@link #counter}; shown as {@code sluice_<name>_seconds}
   * @param description one sentence
   * @throws IllegalArgumentException as {@link #counter}
   */
  Timing timing(String name, String description);

  /**
   * Does something that blocks, on a worker thread. At most 20 of a filter run at once, and 1,000
   * wait.
   *
   * @return completes on the event loop of whoever asks, else on the worker; fails with what the
   *     work throws, with {@link java.util.concurrent.RejectedExecutionException} if too many wait,
   *     and with {@link java.util.concurrent.TimeoutException} after 60 s
   */
  <T> Future<T> blocking(Callable<T> work);

  /**
   * Does something once, on a worker thread; what it throws is logged.
   *
   * @param delay not negative
   */
  Scheduled after(Duration delay, Runnable work);

  /**
   * Does something again and again, on a worker thread: first after one period, and not again
   * before it is done. What it throws is logged, and ends nothing.
   *
   * @param period at least 10 ms
   */
  Scheduled every(Duration period, Runnable work);

  /**
   * A client for HTTP, the same one at each ask; 16 connections a host for each event loop, 256
   * requests that wait, 5 s to connect and 30 s without a word at most.
   */
  HttpClient http();

  /**
   * A map of bounded size. When it is full, what is used least goes.
   *
   * @param maxEntries 1 to 10,000,000
   * @param maxAge since an entry was put in
   */
  <K, V> Cache<K, V> cache(int maxEntries, Duration maxAge);

  /** The Redis that {@code redis} of the configuration names; empty if it names none. */
  Optional<Redis> redis();

  /** A number that only grows. */
  interface Counter {

    /**
     * Adds to it, on any thread.
     *
     * @param n not negative
     */
    void add(long n);
  }

  /** Durations, as the metrics page tells them: how many, their sum, and quantiles. */
  interface Timing {

    /**
     * Something has taken so long. On any thread.
     *
     * @param nanos not negative
     */
    void took(long nanos);
  }

  /** Something that is to be done later. */
  interface Scheduled {

    /** It is not to be done any more; what is being done is let go on. On any thread. */
    void cancel();
  }
}
