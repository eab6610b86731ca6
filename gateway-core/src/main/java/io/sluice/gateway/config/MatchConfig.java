package io.sluice.gateway.config;

import io.sluice.api.Codec;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import io.sluice.api.Setting;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which calls a route takes: those for which all that is there holds. At most one of {@code
 * service}, {@code prefix} and {@code glob} is there.
 *
 * @param service the whole name of a service; empty for calls that name none
 * @param prefix what the names of services begin with
 * @param glob what the names of services look like
 * @param method the method's name, or what it looks like
 * @param metadata by their keys in lower case, as keys are found in any case
 */
public record MatchConfig(
    @Setting(
            value =
                "Calls of the service with this name, written with its package or without; `\"\"` is"
                    + " for calls that name no service.",
            pattern = "\\S{0,255}")
        @Nullable String service,
    @Setting(value = "Calls of every service whose name begins so.", pattern = "\\S{1,255}")
        @Nullable String prefix,
    @Setting(
            "Calls of every service whose name looks so: `*` is any run of characters, `?` is one.")
        @Nullable Glob glob,
    @Setting("Calls of the method with this name, or of those whose name looks so.")
        @Nullable Glob method,
    @Key("package")
        @Setting(
            value = "Calls of services of this Protobuf package, where the wire names one.",
            pattern = "\\S{1,255}")
        @Nullable String packageName,
    @Setting("Calls whose messages are encoded so.") @Nullable Codec codec,
    @Setting("Calls that come by this protocol.") @Nullable Protocol protocol,
    @Setting("Calls that came to this listener.") @Nullable String listener,
    @Setting(value = "Calls of the service that gives itself this name.", pattern = "\\S{1,255}")
        @Nullable String caller,
    @Setting(
            value =
                "Calls to the service that their caller knows by this name: `:authority` of gRPC,"
                    + " int key 6 of TTHeader and ttstream.",
            pattern = "\\S{1,255}")
        @Nullable String destination,
    @Setting(
            "Calls that have these values in their plain, persistent or transient metadata; keys"
                + " in any case and without their prefix.")
        Map<String, String> metadata) {

  /** What a match says of the service, the most specific first. */
  public enum Kind {
    SERVICE,
    PREFIX,
    GLOB,
    ANY
  }

  private static final int BITS = 12;
  private static final int MOST = (1 << BITS) - 1;

  /** Every call. */
  public static final MatchConfig ALL =
      new MatchConfig(null, null, null, null, null, null, null, null, null, null, Map.of());

  /**
   * @throws IllegalArgumentException if more than one is there that says what the service is, or a
   *     key of metadata is there twice
   */
  public MatchConfig {
    int named = (service == null ? 0 : 1) + (prefix == null ? 0 : 1) + (glob == null ? 0 : 1);
    if (named > 1) {
      throw new IllegalArgumentException(
          "a match has at most one of 'service', 'prefix' and 'glob'");
    }
    Map<String, String> lower = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (lower.put(key.toLowerCase(Locale.ROOT), value) != null) {
            throw new IllegalArgumentException(
                "metadata key "
                    + Faults.quote(key)
                    + " is there twice: keys are found in any case");
          }
        });
    metadata = Collections.unmodifiableMap(lower);
  }

  /** What it says of the service. */
  public Kind kind() {
    if (service != null) {
      return Kind.SERVICE;
    }
    return prefix != null ? Kind.PREFIX : glob != null ? Kind.GLOB : Kind.ANY;
  }

  /**
   * How specific it is: of all routes that would take a call, the one with the largest number does.
   * A whole name of a service counts more than a prefix, a prefix more than a glob, a glob more
   * than none; of one kind the longer text; then a method's name more than its glob, and that more
   * than none; then every further condition.
   */
  public long specificity() {
    long ofKind = Kind.values().length - kind().ordinal();
    long ofMethod = method == null ? 0 : method.isLiteral() ? MOST : 1 + method.literals();
    long ofConditions = Math.min(MOST, conditions().size());
    return ((ofKind << BITS | serviceLength()) << BITS | ofMethod) << BITS | ofConditions;
  }

  private int serviceLength() {
    return switch (kind()) {
      case SERVICE -> service.length();
      case PREFIX -> prefix.length();
      case GLOB -> glob.literals();
      case ANY -> 0;
    };
  }

  /** What it asks for beside service and method, by what a user calls it. */
  public Map<String, Object> conditions() {
    Map<String, Object> conditions = new LinkedHashMap<>();
    put(conditions, "package", packageName);
    put(conditions, "codec", codec);
    put(conditions, "protocol", protocol);
    put(conditions, "listener", listener);
    put(conditions, "caller", caller);
    put(conditions, "destination", destination);
    metadata.forEach((key, value) -> conditions.put("metadata " + key, value));
    return conditions;
  }

  private static void put(Map<String, Object> conditions, String name, @Nullable Object value) {
    if (value != null) {
      conditions.put(name, value);
    }
  }

  /**
   * The written form that names a route: {@code echo.Echo}, {@code echo.*}, {@code echo.Echo/get}.
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    switch (kind()) {
      case SERVICE -> text.append(service.isEmpty() ? "unnamed" : service);
      case PREFIX -> text.append(prefix).append('*');
      case GLOB -> text.append(glob);
      case ANY -> text.append(method == null ? "" : "*");
    }
    if (method != null) {
      text.append('/').append(method);
    }
    conditions()
        .forEach(
            (name, value) ->
                text.append('[')
                    .append(name.replace("metadata ", ""))
                    .append('=')
                    .append(written(value))
                    .append(']'));
    return text.isEmpty() ? "default" : text.toString().replaceAll("\\s", "_");
  }

  private static String written(Object value) {
    if (value instanceof Codec codec) {
      return codec.label();
    }
    return value instanceof Protocol protocol ? protocol.label() : value.toString();
  }
}
