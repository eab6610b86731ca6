package io.sluice.api;

import io.vertx.core.Future;
import io.vertx.core.http.HttpClient;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.LongSupplier;

/**
 * What the gateway lends a filter, or another extension, from its start to its stop. All of it is
 * closed by the gateway after {@link Filter#stop}, in whatever state the filter leaves it; what is
 * asked for after that throws {@link IllegalStateException}. Safe for all threads.
 */
public interface FilterContext {

  /**
   * A counter on the metrics page; the same one for all that ask for the same name. It is there as
   * long as one of them is.
   *
   * @param name lower case, words joined by {@code _}, best the filter's own first; shown as {@code
   *     sluice_<name>_total}
   * @param description one sentence
   * @throws IllegalArgumentException if it is no such name, means something else already, is like
   *     the gateway's own, or if all filters together have 1,000 names
   */
  Counter counter(String name, String description);

  /**
   * A number on the metrics page that goes up and down; those of all that give the same name are
   * added up.
   *
   * @param name as of a {@link #counter}; shown as {@code sluice_<name>}
   * @param description one sentence
   * @param value asked whenever the page is read, on any thread; must not block. If it throws, it
   *     is logged and not asked again
   * @throws IllegalArgumentException as {@link #counter}
   * @throws IllegalStateException if the filter shows 1,000 values already
   */
  void gauge(String name, String description, LongSupplier value);

  /**
   * How long something takes, as a histogram on the metrics page; the same one for all that ask for
   * the same name.
   *
   * @param name as of a {@link #counter}; shown as {@code sluice_<name>_seconds}
   * @param description one sentence
   * @throws IllegalArgumentException as {@link #counter}
   */
  Timing timing(String name, String description);

  /**
   * Does something that blocks, on a worker thread of the filter's own. At most 20 pieces of work
   * run at once, and 1,000 wait, those that {@link #after} and {@link #every} have begun included.
   *
   * @return completes on the event loop of whoever asks, else on a thread of the filter; fails with
   *     what the work throws, with {@link java.util.concurrent.RejectedExecutionException} if too
   *     many wait, and with {@link java.util.concurrent.TimeoutException} after 60 s, when the work
   *     is interrupted. After {@link Filter#stop} all work is interrupted, and what waits fails
   *     with {@link IllegalStateException}
   */
  <T> Future<T> blocking(Callable<T> work);

  /**
   * Does something once, on a worker thread; what it throws is logged. Nothing of this begins once
   * {@link Filter#stop} is about to be called; what has begun then is waited for, up to 2 s.
   *
   * @param delay not negative
   * @throws java.util.concurrent.RejectedExecutionException if 10,000 are set already
   */
  Scheduled after(Duration delay, Runnable work);

  /**
   * Does something again and again, on a worker thread: first after one period, and not again
   * before it is done, one period later. What it throws is logged, and ends nothing. Ends as {@link
   * #after}.
   *
   * @param period at least 10 ms
   * @throws java.util.concurrent.RejectedExecutionException if 10,000 are set already
   */
  Scheduled every(Duration period, Runnable work);

  /**
   * A client for HTTP, the same one at each ask: at most 16 connections to a host, 256 requests
   * that wait for one, 5 s to connect and 30 s without a word. What it answers comes on some event
   * loop, which {@link Step#await} copes with. {@code body()} gathers an answer however long it is;
   * take that of a server that is not to be trusted in parts. Close nothing of it: after {@link
   * Filter#stop} requests under way fail.
   */
  HttpClient http();

  /**
   * A map of bounded size. When it is full, what is used least goes. After the filter's stop it is
   * empty, and stays so.
   *
   * @param maxEntries 1 to 10,000,000
   * @param maxAge since an entry was put in
   * @throws IllegalStateException if the filter has 100 of them already
   */
  <K, V> Cache<K, V> cache(int maxEntries, Duration maxAge);

  /**
   * The Redis that {@code redis} of the configuration names; empty if it names none. When the
   * configuration comes to name another one, commands go there.
   */
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

  /** Durations, as the metrics page tells them: how many, their sum, and how many were how long. */
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
