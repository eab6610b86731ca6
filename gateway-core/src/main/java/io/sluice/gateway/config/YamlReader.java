package io.sluice.gateway.config;

import io.sluice.gateway.config.ConfigNode.Empty;
import io.sluice.gateway.config.ConfigNode.Entry;
import io.sluice.gateway.config.ConfigNode.Mapping;
import io.sluice.gateway.config.ConfigNode.Scalar;
import io.sluice.gateway.config.ConfigNode.Sequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Turns YAML text into {@link ConfigNode}s. What hostile text could blow up is bounded: its length,
 * its depth, its aliases, and the number of values once aliases are expanded.
 */
final class YamlReader {
  /** The longest text, in characters. */
  static final int MAX_LENGTH = 4 << 20;

  /** The most values and keys of one file, those behind an alias counted each time. */
  static final int MAX_VALUES = 200_000;

  private static final Set<String> NULLS = Set.of("", "~", "null", "Null", "NULL");

  private final Faults faults;
  private int values;

  private YamlReader(Faults faults) {
    this.faults = faults;
  }

  /**
   * Reads one document.
   *
   * @return null if a fault was found that leaves nothing to look at; faults in places, such as
   *     duplicate keys, leave the rest to be looked at
   */
  static @Nullable ConfigNode read(String text, Faults faults) {
    return new YamlReader(faults).read(text);
  }

  private @Nullable ConfigNode read(String text) {
    if (!isReadable(text)) {
      return null;
    }
    try {
      LoadSettings settings = settings(text);
      StreamReader reader = new StreamReader(settings, text);
      Optional<Node> root =
          new Composer(settings, new BoundedParser(new ParserImpl(settings, reader)))
              .getSingleNode();
      ConfigNode tree = root.isPresent() ? convert(root.get(), 0) : new Empty(Mark.START);
      if (tree instanceof Empty) {
        faults.add(Mark.START, "the file is empty", "");
        return null;
      }
      return tree;
    } catch (MarkedYamlEngineException e) {
      refuse(e);
    } catch (YamlEngineException e) {
      faults.add(Mark.START, "not YAML", String.valueOf(e.getMessage()));
    } catch (TooMuch e) {
      faults.add(e.at, e.getMessage(), "");
    }
    return null;
  }

  private static LoadSettings settings(String text) {
    return LoadSettings.builder()
        .setCodePointLimit(MAX_LENGTH)
        .setMaxAliasesForCollections(BoundedParser.MAX_ALIASES)
        .setAllowNonScalarKeys(true) // refused below, with a place
        .setUseMarks(true)
        // All at once: a character of two chars across the end of its buffer makes the reader
        // throw.
        .setBufferSize(text.length() + 1)
        .build();
  }

  private boolean isReadable(String text) {
    int length = text.codePointCount(0, text.length());
    if (length > MAX_LENGTH) {
      faults.add(Mark.START, "the file has " + length + " characters", "at most " + MAX_LENGTH);
      return false;
    }
    int line = 1;
    int column = 1;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (!StreamReader.isPrintable(c)) {
        faults.add(
            new Mark(line, column), String.format("character U+%04X cannot stand here", c), "");
        return false;
      }
      boolean newline = c == '\n';
      line += newline ? 1 : 0;
      column = newline ? 1 : column + 1;
      i += Character.charCount(c);
    }
    return true;
  }

  private void refuse(MarkedYamlEngineException e) {
    Mark at = e.getProblemMark().or(e::getContextMark).map(YamlReader::mark).orElse(Mark.START);
    String problem = e.getProblem();
    if (problem.contains("(TAB)")) {
      faults.add(at, "a tab where YAML wants spaces", "indent with spaces");
    } else if (problem.endsWith("found another document")) {
      faults.add(at, "a second document", "a file holds one");
    } else {
      String context = e.getContext() == null ? "" : e.getContext();
      faults.add(at, "not YAML", problem + (context.isEmpty() ? "" : " (" + context + ")"));
    }
  }

  private ConfigNode convert(Node node, int depth) {
    Mark at = node.getStartMark().map(YamlReader::mark).orElse(Mark.START);
    if (++values > MAX_VALUES) {
      throw new TooMuch(at, "more than " + MAX_VALUES + " values, aliases expanded");
    }
    if (depth > BoundedParser.MAX_DEPTH) {
      throw new TooMuch(at, "nested more than " + BoundedParser.MAX_DEPTH + " levels deep");
    }
    checkTag(node, at);
    if (node instanceof ScalarNode scalar) {
      boolean empty = scalar.isPlain() && NULLS.contains(scalar.getValue());
      return empty ? new Empty(at) : new Scalar(at, scalar.getValue());
    }
    if (node instanceof SequenceNode sequence) {
      List<ConfigNode> items = new ArrayList<>();
      for (Node item : sequence.getValue()) {
        items.add(convert(item, depth + 1));
      }
      return new Sequence(at, items);
    }
    return new Mapping(at, entries((MappingNode) node, depth + 1));
  }

  private Map<String, Entry> entries(MappingNode mapping, int depth) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Mark at = tuple.getKeyNode().getStartMark().map(YamlReader::mark).orElse(Mark.START);
      ConfigNode value = convert(tuple.getValueNode(), depth);
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        faults.add(at, "a list or mapping as a key", "a key is a single word");
        continue;
      }
      Entry first = entries.putIfAbsent(key.getValue(), new Entry(at, value));
      if (first != null) {
        faults.add(
            at,
            "duplicate key " + Faults.quote(key.getValue()),
            "it is already in line " + first.keyAt().line());
      }
    }
    return entries;
  }

  private void checkTag(Node node, Mark at) {
    String tag = node.getTag().getValue();
    if (!tag.startsWith(Tag.PREFIX)) {
      faults.add(at, "unknown tag " + Faults.quote(tag), "tags have no meaning here");
    }
  }

  private static Mark mark(org.snakeyaml.engine.v2.exceptions.Mark mark) {
    return new Mark(mark.getLine() + 1, mark.getColumn() + 1);
  }

  /** Ends a conversion that would grow without bound. */
  private static final class TooMuch extends RuntimeException {
    private final transient Mark at;

    TooMuch(Mark at, String message) {
      super(message, null, false, false);
      this.at = at;
    }
  }
}
