package io.sluice.gateway.admin;

import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.List;

/** Which parts of the gateway serve, as it was at one moment. Immutable. */
public interface Health {

  /**
   * How a part is.
   *
   * @param name {@code cluster:NAME}, {@code route:NAME}, or the name of a service
   * @return {@code SERVICE_UNKNOWN} if there is no such part
   */
  ServingStatus of(String name);

  /** The names of all clusters and routes, as {@link #of} takes them. */
  List<String> names();
}
