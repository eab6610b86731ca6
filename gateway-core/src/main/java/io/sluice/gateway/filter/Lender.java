package io.sluice.gateway.filter;

import io.sluice.api.FilterContext;

/** Lends filters what they work with. To be used by one thread at a time. */
public interface Lender {

  /**
   * Begins a loan to a filter that is about to start.
   *
   * @param filter whose class loader and name its threads get
   */
  Loan lend(NamedFilter filter);

  /** What one filter has, and how it is taken back. */
  interface Loan {

    FilterContext context();

    /**
     * The filter is about to be stopped: nothing that it has set a time for begins any more, and
     * what has begun is waited for, for a while. Blocks.
     */
    void endSchedule();

    /** Takes everything back, in whatever state the filter has left it. Blocks for a while. */
    void close();
  }
}
