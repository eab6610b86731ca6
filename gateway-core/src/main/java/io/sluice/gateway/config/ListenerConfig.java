package io.sluice.gateway.config;

import io.sluice.api.Setting;
import java.util.List;

/**
 * A place where the gateway listens.
 *
 * @param exposed whether an admin listener may be reached from other machines
 * @param filters in the order in which they see a request, after the global ones
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
    @Setting(
            value =
                "How callers by gRPC are told a Thrift exception: by a status that means the same,"
                    + " or by its number, as a Kitex server does.",
            fallback = "mapped")
        GrpcStatus grpcStatus,
    @Setting(
            value = "The name that the gateway adds to the path of a cancel by ttstream.",
            fallback = "sluice",
            pattern = "[A-Za-z0-9._-]{1,64}")
        String cancelName,
    @Setting("What callers may ask of the gateway.") LimitsConfig limits,
    @Setting("The filters that its calls pass, in this order, after the global ones.")
        List<FilterUse> filters) {
  public ListenerConfig {
    filters = List.copyOf(filters);
  }

  /** The listener alone: what its connections go by. */
  public ListenerConfig withoutFilters() {
    return filters.isEmpty()
        ? this
        : new ListenerConfig(
            address, serves, exposed, checksum, grpcStatus, cancelName, limits, List.of());
  }

  /** How the checksums of payloads are treated. */
  public enum Checksum {
    /** They go on where the payload stays as it is, else they are dropped. */
    PASS,
    /** They are checked, and replies get one of their own. */
    VERIFY
  }

  /** How an exception's type becomes a status of gRPC. */
  public enum GrpcStatus {
    /** By a table of those that mean the same. */
    MAPPED,
    /** As it is. */
    RAW
  }

  /** What a listener is for. */
  public enum Serves {
    /** Calls of every protocol, told apart by their first bytes. */
    RPC,
    /** The admin API and pages, over HTTP. */
    ADMIN
  }
}
