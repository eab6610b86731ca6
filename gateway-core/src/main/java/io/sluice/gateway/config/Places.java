package io.sluice.gateway.config;

import io.sluice.gateway.config.ConfigNode.Entry;
import io.sluice.gateway.config.ConfigNode.Mapping;
import io.sluice.gateway.config.ConfigNode.Scalar;
import io.sluice.gateway.config.ConfigNode.Sequence;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the places of a configuration without faults, for what comes out only when it is put in
 * use.
 */
public final class Places {
  private final String file;
  private final @Nullable ConfigNode tree;

  private Places(String file, @Nullable ConfigNode tree) {
    this.file = file;
    this.tree = tree;
  }

  /**
   * Reads a text.
   *
   * @param file its name as faults tell it
   */
  public static Places of(String file, String text) {
    return new Places(file, YamlReader.read(text, new Faults(file)));
  }

  /** Where the listener of this name is to listen, as {@code file:line:column}. */
  public String ofListener(String name) {
    return tree instanceof Mapping all
            && all.get("listeners") instanceof Mapping listeners
            && listeners.get(name) instanceof Mapping listener
            && listener.get("address") != null
        ? place(listener.get("address"))
        : file;
  }

  /**
   * Where the filter of this name is used, as {@code file:line:column}; the places of all uses
   * behind one another if there are several.
   */
  public String ofFilter(String name) {
    List<String> found = new ArrayList<>();
    if (tree != null) {
      findUses(name, tree, found);
    }
    return found.isEmpty() ? file : String.join(", ", found);
  }

  private void findUses(String name, ConfigNode node, List<String> found) {
    if (node instanceof Mapping mapping) {
      if (mapping.get("use") instanceof Scalar use && use.text().equals(name)) {
        found.add(place(use));
      } else {
        for (Entry entry : mapping.entries().values()) {
          findUses(name, entry.value(), found);
        }
      }
    } else if (node instanceof Sequence sequence) {
      sequence.items().forEach(item -> findUses(name, item, found));
    }
  }

  private String place(ConfigNode node) {
    return file + ':' + node.at().line() + ':' + node.at().column();
  }
}
