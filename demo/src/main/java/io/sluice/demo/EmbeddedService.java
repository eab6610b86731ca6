package io.sluice.demo;

/**
 * A service behind the gateway, on a port of its own. It answers every message by {@link Answer}.
 */
interface EmbeddedService extends AutoCloseable {
  /** The port that it listens on. */
  int port();

  @Override
  void close();
}
