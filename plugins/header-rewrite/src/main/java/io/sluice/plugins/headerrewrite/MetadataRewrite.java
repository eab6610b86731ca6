package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import io.sluice.api.Metadata;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** A {@link Rewrite}, checked and taken apart for use. Immutable. */
final class MetadataRewrite {
  /** What the header names of every protocol may be made of. */
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");

  private record Rename(String from, String to) {}

  private record Value(String key, Template template) {}

  private final Rename[] renames;
  private final String[] removals;
  private final Value[] sets;
  private final Value[] adds;

  private MetadataRewrite(Rename[] renames, String[] removals, Value[] sets, Value[] adds) {
    this.renames = renames;
    this.removals = removals;
    this.sets = sets;
    this.adds = adds;
  }

  /**
   * Takes a rewrite apart.
   *
   * @param name what the settings call it, for messages
   * @throws IllegalArgumentException if a key cannot be written on every protocol, or a value has a
   *     control character, an unknown placeholder or a brace without a partner
   */
  static MetadataRewrite of(String name, Rewrite rewrite) {
    rewrite.rename().forEach((from, to) -> checkKey(name + ".rename." + from, to));
    return new MetadataRewrite(
        rewrite.rename().entrySet().stream()
            .map(e -> new Rename(e.getKey(), e.getValue()))
            .toArray(Rename[]::new),
        rewrite.remove().toArray(String[]::new),
        values(name + ".set.", rewrite.set()),
        values(name + ".add.", rewrite.add()));
  }

  private static Value[] values(String prefix, Map<String, String> values) {
    return values.entrySet().stream()
        .map(e -> value(prefix + e.getKey(), e.getKey(), e.getValue()))
        .toArray(Value[]::new);
  }

  private static Value value(String where, String key, String text) {
    checkKey(where, key);
    if (text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(where + ": the value has a control character");
    }
    try {
      return new Value(key, Template.of(text));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
    }
  }

  private static void checkKey(String where, String key) {
    if (!KEY.matcher(key).matches()) {
      throw new IllegalArgumentException(
          where + ": '" + key + "' cannot be a key; write letters, digits, '-', '_' and '.'");
    }
  }

  /** Whether it leaves everything as it is. */
  boolean isEmpty() {
    return renames.length + removals.length + sets.length + adds.length == 0;
  }

  /**
   * Rewrites metadata. Never throws for what a caller or a downstream sent: a value that cannot be
   * written leaves its key without one, so that nobody's own value takes its place.
   *
   * @param call where placeholders get their values
   */
  void apply(Metadata metadata, Call call) {
    for (Rename rename : renames) {
      rename(metadata, rename);
    }
    for (String key : removals) {
      metadata.remove(key);
    }
    for (Value value : sets) {
      set(metadata, value.key, value.template.render(call));
    }
    for (Value value : adds) {
      add(metadata, value.key, value.template.render(call));
    }
  }

  private static void rename(Metadata metadata, Rename rename) {
    List<String> values = metadata.getAll(rename.from);
    if (values.isEmpty()) {
      return;
    }
    metadata.remove(rename.from);
    set(metadata, rename.to, values.get(0));
    for (int i = 1; i < values.size(); i++) {
      add(metadata, rename.to, values.get(i));
    }
  }

  private static void set(Metadata metadata, String key, String value) {
    try {
      metadata.set(key, value);
    } catch (IllegalArgumentException e) {
      metadata.remove(key);
    }
  }

  private static void add(Metadata metadata, String key, String value) {
    try {
      metadata.add(key, value);
    } catch (IllegalArgumentException e) {
      // Left out, as the class promises.
    }
  }
}
