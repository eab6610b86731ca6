package io.sluice.gateway;

import io.sluice.gateway.config.Address;
import java.io.IOException;

/** A listener cannot have its address. */
final class CannotListen extends IOException {
  private static final long serialVersionUID = 1;

  private final String listener;

  CannotListen(String listener, Address address, Throwable cause) {
    super(
        "listener '" + listener + "' cannot listen on " + address + ": " + cause.getMessage(),
        cause);
    this.listener = listener;
  }

  /** Its name. */
  String listener() {
    return listener;
  }
}
