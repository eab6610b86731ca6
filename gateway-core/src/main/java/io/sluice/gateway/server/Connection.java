package io.sluice.gateway.server;

/** A caller's connection, as its listener sees it. */
interface Connection {

  /** Whether a call is open on it. */
  boolean isBusy();

  /** How many calls are open on it. */
  int openCalls();

  /** The listener goes: end with the calls that are open, and take no new ones for long. */
  void drain();

  /** Closes at once, whatever is open. */
  void abort();
}
