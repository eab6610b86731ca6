package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.List;

/** What the reference page says of a settings record, from its annotations. */
public final class SettingsTable {
  private SettingsTable() {}

  public static String of(Class<?> type) {
    StringBuilder table =
        new StringBuilder("| Key | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n");
    for (RecordShape.Component component : RecordShape.of(type).components()) {
      Setting setting = component.setting();
      table.append(
          "| `%s` | %s | %s | %s | %s |\n"
              .formatted(
                  component.name(),
                  name(component.type()),
                  byDefault(component),
                  range(component.type(), setting),
                  setting.value()));
    }
    return table.toString();
  }

  private static String name(Type type) {
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? "list of " + plural(name(arguments[0]))
          : "name → " + name(arguments[1]);
    }
    Class<?> plain = (Class<?>) type;
    if (plain.isEnum()) {
      return "`" + String.join("`, `", Scalars.allowed(plain)) + "`";
    }
    if (plain == Secret.class) {
      return "secret";
    }
    return Scalars.knows(plain)
        ? Scalars.name(plain).replaceAll("^an? | such as .*", "")
        : "mapping";
  }

  private static String plural(String name) {
    return name + (name.endsWith("s") ? "es" : "s");
  }

  private static String byDefault(RecordShape.Component component) {
    if (component.setting().required()) {
      return "required";
    }
    if (!component.setting().fallback().isEmpty()) {
      return "`" + component.setting().fallback() + "`";
    }
    if (component.type() instanceof ParameterizedType) {
      return "empty";
    }
    return component.nullable() ? "none" : "its defaults";
  }

  private static String range(Type type, Setting setting) {
    if (!setting.pattern().isEmpty()) {
      return "`" + setting.pattern() + "`";
    }
    boolean unbounded = setting.min() == Long.MIN_VALUE && setting.max() == Long.MAX_VALUE;
    return unbounded ? "" : bound(type, setting.min()) + " to " + bound(type, setting.max());
  }

  private static String bound(Type type, long bound) {
    if (type == Duration.class) {
      return Durations.format(Duration.ofMillis(bound));
    }
    return type == ByteSize.class ? new ByteSize(bound).toString() : Long.toString(bound);
  }
}
