package io.sluice.api;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Kitex's business status: an answer of the service that is neither a result nor an RPC error.
 *
 * @param code any int32 but 0, which means none
 * @param message may be empty
 * @param extra a flat JSON object of strings, as it is on the wire; null if there is none
 */
public record BizStatus(int code, String message, @Nullable String extra) {
  public BizStatus {
    Objects.requireNonNull(message);
  }
}
