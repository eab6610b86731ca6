package io.sluice.gateway.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A part of a configuration file as it was written, each piece with its place, before anything is
 * known of its meaning. Immutable.
 */
public sealed interface ConfigNode {

  /** Where it begins. */
  Mark at();

  /** What a user would call it. */
  String kind();

  /**
   * One word or text.
   *
   * @param text without quotes and escapes
   */
  record Scalar(Mark at, String text) implements ConfigNode {
    @Override
    public String kind() {
      return "a single value";
    }

    /** Tells no text, since it may be a secret. */
    @Override
    public String toString() {
      return "Scalar[at=" + at + "]";
    }
  }

  /** Nothing where a value could be: {@code key:}, {@code ~} or {@code null}. */
  record Empty(Mark at) implements ConfigNode {
    @Override
    public String kind() {
      return "nothing";
    }
  }

  /** A list. */
  record Sequence(Mark at, List<ConfigNode> items) implements ConfigNode {
    public Sequence {
      items = List.copyOf(items);
    }

    @Override
    public String kind() {
      return "a list";
    }
  }

  /**
   * Keys with their values.
   *
   * @param entries in the order of the file, by key
   */
  record Mapping(Mark at, Map<String, Entry> entries) implements ConfigNode {
    public Mapping {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    @Override
    public String kind() {
      return "a mapping";
    }

    /** The value of this key; null if the key is not there or has {@link Empty}. */
    @Nullable ConfigNode get(String key) {
      Entry entry = entries.get(key);
      return entry == null || entry.value() instanceof Empty ? null : entry.value();
    }
  }

  /**
   * A key's place and its value.
   *
   * @param keyAt where the key begins
   */
  record Entry(Mark keyAt, ConfigNode value) {}
}
