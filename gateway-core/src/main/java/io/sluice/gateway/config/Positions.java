package io.sluice.gateway.config;

import io.sluice.gateway.config.ConfigNode.Empty;
import io.sluice.gateway.config.ConfigNode.Entry;
import io.sluice.gateway.config.ConfigNode.Mapping;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Where in the file each bound record came from, so that a check of what records mean together can
 * point at what was written. Records are told apart by identity.
 */
final class Positions {
  private final Map<Record, ConfigNode> nodes = new IdentityHashMap<>();
  private final Set<Record> faulty = Collections.newSetFromMap(new IdentityHashMap<>());

  void put(Record bound, ConfigNode from) {
    nodes.put(bound, from);
  }

  /** Notes that something in the record is not what was written, as that was wrong. */
  void faulty(Record bound) {
    faulty.add(bound);
  }

  /** Whether something in the record is not what was written. */
  boolean isFaulty(Record bound) {
    return faulty.contains(bound);
  }

  /** Where the record was written. */
  Mark of(Record bound) {
    return node(bound).at();
  }

  /** Where the value of this key was written; if the key is absent, where the record was. */
  Mark ofValue(Record bound, String key) {
    return at(node(bound), key, false);
  }

  /** Where a key of the map that is the record's component was written. */
  Mark ofKey(Record bound, String component, String key) {
    return node(bound) instanceof Mapping mapping && mapping.get(component) instanceof Mapping map
        ? at(map, key, true)
        : of(bound);
  }

  /** Whether the file has a value for this key, be it right or wrong. */
  boolean has(Record bound, String key) {
    return node(bound) instanceof Mapping mapping && mapping.get(key) != null;
  }

  /**
   * The keys of the map that is the record's component, whether their values are right or wrong.
   */
  Set<String> keys(Record bound, String component) {
    return node(bound) instanceof Mapping mapping && mapping.get(component) instanceof Mapping map
        ? map.entries().keySet()
        : Set.of();
  }

  private ConfigNode node(Record bound) {
    return nodes.getOrDefault(bound, new Empty(Mark.START));
  }

  private static Mark at(ConfigNode node, String key, boolean ofKey) {
    Entry entry = node instanceof Mapping mapping ? mapping.entries().get(key) : null;
    if (entry == null) {
      return node.at();
    }
    return ofKey ? entry.keyAt() : entry.value().at();
  }
}
