package io.sluice.gateway.config;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a match asks of a call beside service and method.
 *
 * @param name what a user calls it
 * @param actual what a call has; null for nothing
 * @param wanted what it has to have
 */
record Condition(String name, Function<Call, ? extends @Nullable Object> actual, Object wanted) {

  static Condition[] of(MatchConfig match) {
    List<Condition> conditions = new ArrayList<>();
    add(conditions, "listener", Call::listener, match.listener());
    add(conditions, "protocol", Call::protocol, match.protocol());
    add(conditions, "codec", Call::codec, match.codec());
    add(conditions, "package", Call::packageName, match.packageName());
    add(conditions, "caller", Call::caller, match.caller());
    add(conditions, "destination", Call::destination, match.destination());
    match
        .metadata()
        .forEach((key, value) -> add(conditions, "metadata " + key, c -> c.sent(key), value));
    return conditions.toArray(new Condition[0]);
  }

  private static void add(
      List<Condition> conditions,
      String name,
      Function<Call, ? extends @Nullable Object> actual,
      @Nullable Object wanted) {
    if (wanted != null) {
      conditions.add(new Condition(name, actual, wanted));
    }
  }

  boolean holds(Call call) {
    return wanted.equals(actual.apply(call));
  }

  /** Says that it does not hold. */
  String missed(Call call) {
    Object is = actual.apply(call);
    return is == null || is.equals("")
        ? "there is no " + name + ", it has to be " + written(wanted)
        : name + " is " + written(is) + ", not " + written(wanted);
  }

  private static String written(Object value) {
    if (value instanceof Codec codec) {
      return codec.label();
    }
    return value instanceof Protocol protocol ? protocol.label() : "'" + value + "'";
  }
}
