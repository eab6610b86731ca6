package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * A value with placeholders, such as {@code {caller}@{peer}}, taken apart once. Without
 * placeholders it costs nothing per call. Immutable.
 */
final class Template {
  private static final String META = "meta:";

  private final String constant;
  private final List<Function<Call, String>> pieces;

  private Template(String constant, List<Function<Call, String>> pieces) {
    this.constant = constant;
    this.pieces = List.copyOf(pieces);
  }

  /**
   * Takes a text apart.
   *
   * @param text with {@code {name}} for placeholders, {@code {{} and {@code }}} for single braces
   * @throws IllegalArgumentException if a placeholder is unknown or a brace has no partner
   */
  static Template of(String text) {
    List<Function<Call, String>> pieces = new ArrayList<>();
    StringBuilder literal = new StringBuilder();
    boolean constant = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean doubled = i + 1 < text.length() && text.charAt(i + 1) == c;
      if (c != '{' && c != '}') {
        literal.append(c);
      } else if (doubled) {
        literal.append(c);
        i++;
      } else {
        int end = c == '{' ? text.indexOf('}', i) : -1;
        if (end < 0) {
          throw new IllegalArgumentException(
              "a '" + c + "' without its partner in '" + text + "': " + Placeholder.help());
        }
        constant = false;
        addLiteral(pieces, literal);
        pieces.add(placeholder(text.substring(i + 1, end)));
        i = end;
      }
    }
    if (constant) {
      return new Template(literal.toString(), List.of());
    }
    addLiteral(pieces, literal);
    return new Template("", pieces);
  }

  private static void addLiteral(List<Function<Call, String>> pieces, StringBuilder literal) {
    if (!literal.isEmpty()) {
      String text = literal.toString();
      literal.setLength(0);
      pieces.add(call -> text);
    }
  }

  private static Function<Call, String> placeholder(String name) {
    if (name.startsWith(META) && name.length() > META.length()) {
      String key = name.substring(META.length());
      return call -> {
        String value = call.metadata().get(key);
        return value == null ? "" : value;
      };
    }
    for (Placeholder placeholder : Placeholder.values()) {
      if (placeholder.name().toLowerCase(Locale.ROOT).equals(name)) {
        return placeholder.value;
      }
    }
    throw new IllegalArgumentException("unknown placeholder {" + name + "}: " + Placeholder.help());
  }

  /** The value for this call. What the call does not have is empty. */
  String render(Call call) {
    if (pieces.isEmpty()) {
      return constant;
    }
    if (pieces.size() == 1) {
      return pieces.get(0).apply(call);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pieces.size(); i++) {
      text.append(pieces.get(i).apply(call));
    }
    return text.toString();
  }
}
