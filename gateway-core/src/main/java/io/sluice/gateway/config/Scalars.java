package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Glob;
import io.sluice.api.Setting;
import io.sluice.gateway.config.ConfigNode.Scalar;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what is written as a single word: text, numbers, durations, addresses, enums and such. */
final class Scalars {
  private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,40}");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?\\d{1,40}(\\.\\d{1,40})?([eE][+-]?\\d{1,3})?");

  /**
   * A type that is written as one word of its own form.
   *
   * @param name what a value is called
   * @param reader throws IllegalArgumentException with "not a …: write …"
   */
  private record Word(String name, Function<String, Object> reader) {}

  private static final Map<Class<?>, Word> WORDS =
      Map.of(
          Duration.class, new Word("a duration such as 10s", Durations::parse),
          ByteSize.class, new Word("a size such as 64KiB", ByteSize::parse),
          Address.class, new Word("an address such as 127.0.0.1:8888", Address::parse),
          AddressTemplate.class,
              new Word("an address such as 127.0.0.1:8888", AddressTemplate::parse),
          Glob.class, new Word("a pattern such as shop.*", Glob::parse));

  private static final Map<Class<?>, String> PLAIN =
      Map.of(
          String.class, "a text",
          int.class, "a whole number",
          Integer.class, "a whole number",
          long.class, "a whole number",
          double.class, "a number",
          boolean.class, "true or false",
          Path.class, "a path");

  private final Faults faults;
  private final Path folder;

  /**
   * @param folder against which relative paths are resolved
   */
  Scalars(Faults faults, Path folder) {
    this.faults = faults;
    this.folder = folder;
  }

  static boolean knows(Class<?> type) {
    return PLAIN.containsKey(type) || WORDS.containsKey(type) || type.isEnum();
  }

  /** What a value of this type is called. */
  static String name(Class<?> type) {
    if (type.isEnum()) {
      return "one of " + String.join(", ", allowed(type));
    }
    Word word = WORDS.get(type);
    return word == null ? PLAIN.get(type) : word.name();
  }

  /** The written forms of an enum's constants. */
  static List<String> allowed(Class<?> type) {
    return Arrays.stream(type.getEnumConstants()).map(Scalars::written).toList();
  }

  static boolean isEnum(Type type) {
    return type instanceof Class<?> plain && plain.isEnum();
  }

  /** Whether this is how a constant of the type is written, if it is an enum. */
  static boolean isConstant(Type type, String word) {
    return isEnum(type) && allowed((Class<?>) type).contains(word);
  }

  private static String written(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * Reads a value and checks it against its setting.
   *
   * @return null if there was a fault, which has been added
   */
  @Nullable Object read(Class<?> type, Scalar word, Setting setting) {
    if (type == String.class) {
      return text(word, setting.pattern());
    }
    if (type == Path.class) {
      return path(word, setting.pattern());
    }
    if (type == boolean.class) {
      return bool(word);
    }
    if (type == int.class || type == Integer.class || type == long.class) {
      return whole(type, word, setting);
    }
    if (type == double.class) {
      return decimal(word, setting);
    }
    return type.isEnum() ? constant(type, word) : parsed(type, word, setting);
  }

  private @Nullable String text(Scalar word, String pattern) {
    if (pattern.isEmpty() || Pattern.matches(pattern, word.text())) {
      return word.text();
    }
    faults.add(word.at(), Faults.quote(word.text()) + " does not fit", "it must match " + pattern);
    return null;
  }

  /** Of a file that may be there or not. */
  private @Nullable Path path(Scalar word, String pattern) {
    String text = text(word, pattern);
    if (text == null) {
      return null;
    }
    try {
      return text.isEmpty() ? refuse(word, "not a path", "") : folder.resolve(text);
    } catch (InvalidPathException e) {
      return refuse(word, "not a path", "");
    }
  }

  private @Nullable Boolean bool(Scalar word) {
    return switch (word.text()) {
      case "true" -> true;
      case "false" -> false;
      default -> refuse(word, "neither true nor false", "write one of these");
    };
  }

  private @Nullable Number whole(Class<?> type, Scalar word, Setting setting) {
    if (!WHOLE.matcher(word.text()).matches()) {
      return refuse(word, "not a whole number", "write digits only, such as 1000");
    }
    BigInteger number = new BigInteger(word.text());
    boolean isInt = type != long.class;
    long min = Math.max(setting.min(), isInt ? Integer.MIN_VALUE : Long.MIN_VALUE);
    long max = Math.min(setting.max(), isInt ? Integer.MAX_VALUE : Long.MAX_VALUE);
    if (number.compareTo(BigInteger.valueOf(min)) < 0) {
      return refuse(word, "too small", "at least " + min);
    }
    if (number.compareTo(BigInteger.valueOf(max)) > 0) {
      return refuse(word, "too large", "at most " + max);
    }
    if (isInt) {
      return number.intValue();
    }
    return number.longValue();
  }

  private @Nullable Double decimal(Scalar word, Setting setting) {
    if (!DECIMAL.matcher(word.text()).matches()) {
      return refuse(word, "not a number", "write one such as 0.5");
    }
    BigDecimal number = new BigDecimal(word.text());
    if (number.compareTo(BigDecimal.valueOf(setting.min())) < 0) {
      return refuse(word, "too small", "at least " + setting.min());
    }
    if (number.compareTo(BigDecimal.valueOf(setting.max())) > 0) {
      return refuse(word, "too large", "at most " + setting.max());
    }
    return number.doubleValue();
  }

  private @Nullable Object constant(Class<?> type, Scalar word) {
    for (Object constant : type.getEnumConstants()) {
      if (written(constant).equals(word.text())) {
        return constant;
      }
    }
    List<String> allowed = allowed(type);
    String hint =
        Spelling.closest(word.text(), allowed)
            .map(meant -> "did you mean " + Faults.quote(meant) + "? ")
            .orElse("");
    return refuse(word, "not known here", hint + "allowed are " + String.join(", ", allowed));
  }

  private @Nullable Object parsed(Class<?> type, Scalar word, Setting setting) {
    Object value;
    try {
      value = WORDS.get(type).reader().apply(word.text());
    } catch (IllegalArgumentException e) {
      String[] parts = String.valueOf(e.getMessage()).split(": ", 2);
      return refuse(word, parts[0], parts.length > 1 ? parts[1] : "");
    }
    if (value instanceof Duration duration) {
      return inRange(word, setting, duration, duration.toMillis());
    }
    return value instanceof ByteSize size ? inRange(word, setting, size, size.bytes()) : value;
  }

  private @Nullable Object inRange(Scalar word, Setting setting, Object value, long amount) {
    boolean time = value instanceof Duration;
    if (amount < setting.min()) {
      String limit = limit(value, setting.min());
      return refuse(word, time ? "too short" : "too small", "at least " + limit);
    }
    if (amount > setting.max()) {
      String limit = limit(value, setting.max());
      return refuse(word, time ? "too long" : "too large", "at most " + limit);
    }
    return value;
  }

  private static String limit(Object like, long amount) {
    return like instanceof Duration
        ? Durations.format(Duration.ofMillis(amount))
        : new ByteSize(Math.max(0, amount)).toString();
  }

  private <T> @Nullable T refuse(Scalar word, String what, String right) {
    faults.add(word.at(), Faults.quote(word.text()) + " is " + what, right);
    return null;
  }
}
