package io.sluice.gateway.config;

import java.util.Optional;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.ParserException;
import org.snakeyaml.engine.v2.parser.Parser;

/**
 * Refuses YAML that is nested deeper, or uses more aliases, than any configuration needs, before
 * the composer recurses into it; and tags that the composer could not take.
 */
final class BoundedParser implements Parser {
  static final int MAX_DEPTH = 64;
  static final int MAX_ALIASES = 100;

  private final Parser parser;
  private int depth;
  private int aliases;

  BoundedParser(Parser parser) {
    this.parser = parser;
  }

  @Override
  public boolean hasNext() {
    return parser.hasNext();
  }

  @Override
  public boolean checkEvent(Event.ID id) {
    return parser.checkEvent(id);
  }

  @Override
  public Event peekEvent() {
    return parser.peekEvent();
  }

  @Override
  public Event next() {
    Event event = parser.next();
    switch (event.getEventId()) {
      case SequenceStart, MappingStart -> depth++;
      case SequenceEnd, MappingEnd -> depth--;
      case Alias -> aliases++;
      default -> {}
    }
    if (tag(event).filter(tag -> !tag.equals(tag.trim())).isPresent()) {
      throw refusal("a tag that begins or ends with a blank", event);
    }
    if (depth > MAX_DEPTH) {
      throw refusal("nested more than " + MAX_DEPTH + " levels deep", event);
    }
    if (aliases > MAX_ALIASES) {
      throw refusal("more than " + MAX_ALIASES + " aliases", event);
    }
    return event;
  }

  private static Optional<String> tag(Event event) {
    if (event instanceof ScalarEvent scalar) {
      return scalar.getTag();
    }
    return event instanceof CollectionStartEvent collection
        ? collection.getTag()
        : Optional.empty();
  }

  private static ParserException refusal(String problem, Event event) {
    return new ParserException(problem, event.getStartMark());
  }
}
