package io.sluice.gateway.config;

import io.sluice.api.Setting;

/**
 * A place where the gateway listens.
 *
 * @param exposed whether an admin listener may be reached from other machines
 */
public record ListenerConfig(
    @Setting(value = "Where to listen; port 0 lets the system choose one.", required = true)
        Address address,
    @Setting(value = "What is served: calls, or the admin pages.", fallback = "rpc") Serves serves,
    @Setting(
            value = "Must be true for an admin listener that other machines can reach.",
            fallback = "false")
        boolean exposed,
    @Setting(
            value = "What becomes of the `crc32c` that TTHeader requests may carry.",
            fallback = "pass")
        Checksum checksum,
    @Setting("What callers may ask of the gateway.") LimitsConfig limits) {

  /** How the checksums of payloads are treated. */
  public enum Checksum {
    /** They go on where the payload stays as it is, else they are dropped. */
    PASS,
    /** They are checked, and replies get one of their own. */
    VERIFY
  }

  /** What a listener is for. */
  public enum Serves {
    /** Calls of every protocol, told apart by their first bytes. */
    RPC,
    /** The admin API and pages, over HTTP. */
    ADMIN
  }
}
