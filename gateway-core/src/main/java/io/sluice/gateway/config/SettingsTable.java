package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.gateway.config.RecordShape.Component;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What reference pages say of settings records, from their annotations: tables in Markdown. */
public final class SettingsTable {
  private SettingsTable() {}

  /**
   * The table of a record.
   *
   * @throws IllegalArgumentException if it cannot hold settings
   */
  public static String of(Class<?> type) {
    StringBuilder table =
        new StringBuilder("| Key | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n");
    for (Component component : RecordShape.of(type).components()) {
      Setting setting = component.setting();
      if (component.shares() && component.used() != null) {
        continue; // it stands with the other of its key
      }
      table.append(
          "| `%s` | %s | %s | %s | %s |\n"
              .formatted(
                  component.name(),
                  name(component.type()) + (component.shares() ? ", or use" : ""),
                  cell(byDefault(component)),
                  cell(range(component.type(), setting)),
                  cell(setting.value())));
    }
    return table.toString();
  }

  /** A bar would end the cell, in code too. */
  private static String cell(String text) {
    return text.replace("|", "\\|");
  }

  /** The table of a record, and behind it those of the records in it, each once. */
  public static List<String> allOf(Class<?> type) {
    Set<Class<?>> records = new LinkedHashSet<>();
    gather(type, records);
    return records.stream().map(SettingsTable::of).toList();
  }

  private static void gather(Type type, Set<Class<?>> records) {
    if (type instanceof ParameterizedType generic) {
      for (Type argument : generic.getActualTypeArguments()) {
        gather(argument, records);
      }
    } else if (type instanceof Class<?> plain
        && plain.isRecord()
        && !Scalars.knows(plain)
        && records.add(plain)) {
      RecordShape.of(plain).components().forEach(part -> gather(part.type(), records));
    }
  }

  private static String name(Type type) {
    if (RecordShape.used(type) != null) {
      return "use";
    }
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

  private static String byDefault(Component component) {
    if (component.setting().required()) {
      return "required";
    }
    if (!component.setting().fallback().isEmpty()) {
      return "`" + component.setting().fallback() + "`";
    }
    if (component.type() instanceof ParameterizedType && component.used() == null) {
      return "empty";
    }
    return component.nullable() ? "none" : "its defaults";
  }

  /** What its values may be, if there is a bound or a pattern; else empty. */
  static String range(Type type, Setting setting) {
    if (!setting.pattern().isEmpty()) {
      return "`" + setting.pattern() + "`";
    }
    return isBounded(setting)
        ? bound(type, setting.min()) + " to " + bound(type, setting.max())
        : "";
  }

  static boolean isBounded(Setting setting) {
    return setting.min() != Long.MIN_VALUE || setting.max() != Long.MAX_VALUE;
  }

  private static String bound(Type type, long bound) {
    if (type == Duration.class) {
      return Durations.format(Duration.ofMillis(bound));
    }
    return type == ByteSize.class ? new ByteSize(bound).toString() : Long.toString(bound);
  }
}
