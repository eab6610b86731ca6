package io.sluice.gateway.server;

/** A caller's connection, as its listener sees it. */
interface Connection {

  /** Whether a call is open on it. */
  boolean isBusy();

  /** The listener goes: end with the calls that are open, and take no new ones. */
  void drain();
}
