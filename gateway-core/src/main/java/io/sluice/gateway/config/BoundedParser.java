package io.sluice.gateway.config;

import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.ParserException;
import org.snakeyaml.engine.v2.parser.Parser;

/**
 * Refuses YAML that is nested deeper, or uses more aliases, than any configuration needs, before
 * the composer recurses into it.
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
    if (depth > MAX_DEPTH) {
      throw refusal("nested more than " + MAX_DEPTH + " levels deep", event);
    }
    if (aliases > MAX_ALIASES) {
      throw refusal("more than " + MAX_ALIASES + " aliases", event);
    }
    return event;
  }

  private static ParserException refusal(String problem, Event event) {
    return new ParserException(problem, event.getStartMark());
  }
}
