package io.sluice.gateway.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The methods that have meters of their own: the first so many that a downstream has answered. What
 * callers make up is answered by none, so it takes no place. Safe for all threads.
 */
public final class Methods {
  /** How many there are unless the environment says otherwise. */
  static final int DEFAULT_LIMIT = 200;

  /** Longer names are nobody's. */
  private static final int MAX_NAME = 128;

  private static final String OTHER = "other";
  private static final int THRIFT_UNKNOWN_METHOD = 1;
  private static final int KITEX_UNKNOWN_SERVICE = 20;
  private static final int GRPC_UNIMPLEMENTED = 12;

  /** Names a method. */
  record Name(String packageName, String service, String method) {
    boolean isShort() {
      return packageName.length() + service.length() <= MAX_NAME && method.length() <= MAX_NAME;
    }

    String qualifiedService() {
      return packageName.isEmpty() ? service : packageName + '.' + service;
    }
  }

  private final MeterRegistry registry;
  private final int limit;
  private final Map<Name, MethodMeters> own = new ConcurrentHashMap<>();
  private final MethodMeters other;

  /**
   * @param limit methods with meters of their own
   */
  public Methods(MeterRegistry registry, int limit) {
    this.registry = registry;
    this.limit = limit;
    this.other = new MethodMeters(registry, OTHER, OTHER);
  }

  /** As many as {@code SLUICE_METHOD_METRICS} says, else {@value #DEFAULT_LIMIT}. */
  public static int defaultLimit() {
    String set = System.getenv("SLUICE_METHOD_METRICS");
    if (set == null || set.isBlank()) {
      return DEFAULT_LIMIT;
    }
    try {
      return Math.max(0, Integer.parseInt(set.strip()));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("SLUICE_METHOD_METRICS is no number: " + set, e);
    }
  }

  /** The meters of all methods without their own. */
  MethodMeters other() {
    return other;
  }

  /** The method's own meters, made now if this end says that there is such a method; or null. */
  @Nullable MethodMeters own(Name name, CallEnd end) {
    MethodMeters found = own.get(name);
    if (found != null || own.size() >= limit || !isAnswered(end.status()) || !name.isShort()) {
      return found;
    }
    // Once a method, as long as there are places.
    synchronized (this) {
      if (own.size() >= limit) {
        return own.get(name);
      }
      return own.computeIfAbsent(
          name, n -> new MethodMeters(registry, n.qualifiedService(), n.method()));
    }
  }

  private static boolean isAnswered(Status status) {
    return switch (status.code()) {
      case OK -> true;
      case EXCEPTION ->
          status.number() != THRIFT_UNKNOWN_METHOD && status.number() != KITEX_UNKNOWN_SERVICE;
      case GRPC -> status.number() != GRPC_UNIMPLEMENTED;
      default -> false;
    };
  }
}
