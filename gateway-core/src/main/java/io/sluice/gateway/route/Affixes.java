package io.sluice.gateway.route;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds those of many texts that a name begins with, or ends with. Each text knows the longest
 * other that is an affix of it: so one binary search finds the longest, and links lead to the rest.
 * Allocates nothing when asked. Immutable.
 */
final class Affixes<T> {

  /** A text with what belongs to it. */
  static final class Node<T> {
    private final String text;
    private final T value;
    private final @Nullable Node<T> shorter;

    Node(String text, T value, @Nullable Node<T> shorter) {
      this.text = text;
      this.value = value;
      this.shorter = shorter;
    }

    T value() {
      return value;
    }

    /** The next shorter text that every name with this one has too. */
    @Nullable Node<T> shorter() {
      return shorter;
    }
  }

  private final boolean atEnd;
  private final List<Node<T>> nodes = new ArrayList<>();

  /**
   * @param atEnd whether names end with the texts, rather than begin with them
   */
  Affixes(Map<String, T> values, boolean atEnd) {
    this.atEnd = atEnd;
    Comparator<String> order = this::compare;
    Deque<Node<T>> open = new ArrayDeque<>();
    for (String text : values.keySet().stream().sorted(order).toList()) {
      while (!open.isEmpty() && !has(text, open.peek().text)) {
        open.pop();
      }
      Node<T> node = new Node<>(text, values.get(text), open.peek());
      open.push(node);
      nodes.add(node);
    }
  }

  /** The longest text that the name has, or null. */
  @Nullable Node<T> longest(String name) {
    // It sorts at or before the name; whatever stands between the two has it as well.
    int low = 0;
    int high = nodes.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (compare(nodes.get(middle).text, name) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    Node<T> node = low == 0 ? null : nodes.get(low - 1);
    while (node != null && !has(name, node.text)) {
      node = node.shorter;
    }
    return node;
  }

  private boolean has(String name, String text) {
    return atEnd ? name.endsWith(text) : name.startsWith(text);
  }

  private int compare(String a, String b) {
    if (!atEnd) {
      return a.compareTo(b);
    }
    for (int i = a.length() - 1, j = b.length() - 1; i >= 0 && j >= 0; i--, j--) {
      if (a.charAt(i) != b.charAt(j)) {
        return a.charAt(i) - b.charAt(j);
      }
    }
    return a.length() - b.length();
  }
}
