package io.sluice.api;

/** What the gateway lends a filter from its start to its stop. Safe for all threads. */
public interface FilterContext {

  /**
   * A counter on the metrics page; the same one for all that ask for the same name.
   *
   * @param name lower case, words joined by {@code _}; shown as {@code sluice_<name>_total}
   * @param description one sentence
   * @throws IllegalArgumentException if it is no such name
   */
  Counter counter(String name, String description);

  /** A number that only grows. */
  interface Counter {

    /**
     * Adds to it, on any thread.
     *
     * @param n not negative
     */
    void add(long n);
  }
}
