package io.sluice.gateway.config;

import io.sluice.api.Factory;
import io.sluice.api.Setting;
import io.sluice.gateway.config.RecordShape.Component;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Checks a type of settings before any file has to fit it, with all types that it is made of. */
public final class SettingsCheck {
  private final Set<Class<?>> checked = new HashSet<>();

  /** The types whose defaults are being made, each of the one before it. */
  private final Deque<Class<?>> defaults = new ArrayDeque<>();

  private SettingsCheck() {}

  /**
   * Checks the settings of a factory. Of its code, only that runs which tells their type.
   *
   * @throws IllegalArgumentException as {@link #check}
   */
  public static void checkOf(Factory<?, ?> factory) {
    check(factory.settings());
  }

  /**
   * Checks it. Runs none of its code.
   *
   * @throws IllegalArgumentException if it is none that a file can be read into, saying why
   */
  public static void check(Class<? extends Record> type) {
    new SettingsCheck().checkRecord(type);
  }

  private void checkRecord(Class<?> type) {
    if (defaults.contains(type)) {
      throw new IllegalArgumentException(
          type.getName() + " holds itself without end: one of its components has to be @Nullable");
    }
    if (!checked.add(type)) {
      return;
    }
    for (Component component : RecordShape.of(type).components()) {
      String name = type.getName() + '.' + component.name();
      checkSetting(name, component);
      boolean hasDefaults = !component.nullable() && !component.setting().required();
      if (hasDefaults && component.type() instanceof Class<?>) {
        defaults.push(type);
        checkType(component.type());
        defaults.pop();
      } else {
        Deque<Class<?>> outer = new ArrayDeque<>(defaults);
        defaults.clear();
        checkType(component.type());
        defaults.addAll(outer);
      }
    }
  }

  private static void checkSetting(String name, Component component) {
    Setting setting = component.setting();
    if (setting.min() > setting.max()) {
      throw new IllegalArgumentException(name + " has a min above its max");
    }
    try {
      Pattern.compile(setting.pattern());
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          name + " has a pattern that is none: " + e.getDescription(), e);
    }
    if (!setting.fallback().isEmpty()) {
      try {
        Binder.fallback(component, Path.of(""));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
      }
    }
  }

  private void checkType(Type type) {
    if (type instanceof ParameterizedType generic) {
      for (Type argument : generic.getActualTypeArguments()) {
        checkType(argument);
      }
    } else if (type instanceof Class<?> plain && plain.isRecord() && !Scalars.knows(plain)) {
      checkRecord(plain);
    }
  }
}
