package io.sluice.gateway.client;

import io.sluice.api.Status;

/**
 * One loop's connections to one endpoint, for one protocol.
 *
 * @param <C> the connection
 */
interface ConnectionPool<C> {

  /** A call that wants a connection. */
  interface Waiter<C> {

    /** Has its connection. */
    void connected(C connection);

    /** There is no connection to be had here. */
    void failed(Status why);
  }

  /** Gives the call a connection, now or when there is one; or tells it that there will be none. */
  void acquire(Waiter<C> waiter);

  /** The call no longer wants a connection. */
  void forget(Waiter<C> waiter);

  /** Connections, those that are idle included. */
  int open();

  /** Connections without a call. */
  int idle();

  /** Connections that are being opened. */
  int connecting();

  /** Calls that wait for a connection. */
  int waiting();

  /** Closes every connection. */
  void close();
}
