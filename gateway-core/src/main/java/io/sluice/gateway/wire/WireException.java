package io.sluice.gateway.wire;

/** Bytes that are not of the protocol that they claim to be; the connection cannot be read on. */
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * @param message what is wrong, in plain words, for one log line
   */
  public WireException(String message) {
    super(message, null, false, false);
  }
}
