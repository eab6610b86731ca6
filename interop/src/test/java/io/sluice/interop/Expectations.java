package io.sluice.interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;

/**
 * What a client must see through the gateway when the two legs have these framings: by default the
 * same as in a direct call, and where the wire does not allow that, what the table says.
 */
final class Expectations {
  /** The framings of a leg. */
  enum Leg {
    FRAMED("framed"),
    TTHEADER("ttheader"),
    TTHEADER_FRAMED("ttheader-framed");

    private final String label;

    Leg(String label) {
      this.label = label;
    }

    /** Its name for the peers and in a configuration. */
    String label() {
      return label;
    }

    boolean carriesMetadata() {
      return this != FRAMED;
    }
  }

  /**
   * The framings of both legs.
   *
   * @param in between the client and the gateway
   * @param out between the gateway and the server
   */
  record Pair(Leg in, Leg out) {
    @Override
    public String toString() {
      return in.label() + " → " + out.label();
    }
  }

  /** Which pairs a rule is for. Where both legs carry metadata, or none does, there is no rule. */
  private enum Pairs {
    METADATA_IS_LOST,
    METADATA_IS_NEW;

    boolean holds(Pair pair) {
      boolean in = pair.in().carriesMetadata();
      boolean out = pair.out().carriesMetadata();
      return this == METADATA_IS_LOST ? in && !out : !in && out;
    }
  }

  /** An outcome to be met. */
  sealed interface Expectation {
    /** As a direct call over the caller's transport; the whole line counts. */
    record SameAsDirectInbound() implements Expectation {}

    /**
     * As a direct call over the server's transport. All counts but the name of the transport and
     * the client's own verdict, which is about a direct call over the caller's transport.
     */
    record SameAsDirectOutbound() implements Expectation {}

    /**
     * Exactly this line, but for the client's own verdict.
     *
     * @param line JSON, without {@code case}, {@code transport}, {@code ok} and {@code failed}
     */
    record Exactly(String line) implements Expectation {}
  }

  /**
   * One row of the table.
   *
   * @param why with the section of the protocol notes that says so
   */
  record Rule(Pairs pairs, Set<String> cases, Expectation expectation, String why) {}

  /** A rule and the number of its footnote; number 0 is the default. */
  record Numbered(int number, Expectation expectation) {}

  private static final Expectation OUTBOUND = new Expectation.SameAsDirectOutbound();

  /** The sections are those of the Kitex wire notes. */
  static final List<Rule> RULES =
      List.of(
          new Rule(
              Pairs.METADATA_IS_LOST,
              Set.of("caller-name", "metainfo-persistent", "metainfo-transient", "backward"),
              OUTBOUND,
              "9.1: Framed carries no metadata, so the server sees, and sends back, what it does in a"
                  + " direct Framed call"),
          new Rule(
              Pairs.METADATA_IS_LOST,
              Set.of("deadline-none", "deadline-seen"),
              OUTBOUND,
              "10.1: Framed carries no deadline; the gateway keeps it all the same"
                  + " (deadline-exceeded is =)"),
          new Rule(
              Pairs.METADATA_IS_LOST,
              Set.of("unknown-method"),
              OUTBOUND,
              "5, 8.3: Framed carries no service name; the server says what it does in a direct Framed"
                  + " call, and its EXC n, text is passed on"),
          new Rule(
              Pairs.METADATA_IS_LOST,
              Set.of("unknown-service"),
              new Expectation.Exactly(
                  """
                  {"error": {
                    "type": 20,
                    "class": "remote or network error",
                    "text": "remote or network error[remote]: unknown service , method AbsentMethod",
                    "remoteText": "unknown service , method AbsentMethod"}}
                  """),
              "5, 8.3: Framed carries no service name; the server's EXC 20 is passed on"),
          new Rule(
              Pairs.METADATA_IS_LOST,
              Set.of("biz-status", "biz-status-no-extra"),
              new Expectation.Exactly("{}"),
              "8.1: a Kitex server loses the business status on Framed and answers an empty REPLY"),
          new Rule(
              Pairs.METADATA_IS_NEW,
              Set.of("biz-status"),
              new Expectation.Exactly(bizError("code=7001, msg=業務エラー é")),
              "8.3: a business status toward Framed is EXC 6 'biz error: code=c, msg=X'"),
          new Rule(
              Pairs.METADATA_IS_NEW,
              Set.of("biz-status-no-extra"),
              new Expectation.Exactly(bizError("code=-7002, msg=business refusal without extra")),
              "8.3: as before, negative and without extra"));

  private static String bizError(String status) {
    return """
        {"error": {
          "type": 6,
          "class": "remote or network error",
          "text": "remote or network error[remote]: biz error: %s",
          "remoteText": "biz error: %s"}}
        """
        .formatted(status, status);
  }

  private static final List<String> VERDICT = List.of("case", "transport", "ok", "failed");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Expectations() {}

  static Numbered of(String name, Pair pair) {
    for (int i = 0; i < RULES.size(); i++) {
      Rule rule = RULES.get(i);
      if (rule.pairs().holds(pair) && rule.cases().contains(name)) {
        return new Numbered(i + 1, rule.expectation());
      }
    }
    return new Numbered(0, new Expectation.SameAsDirectInbound());
  }

  /** The line that {@link Expectation.Exactly} means. */
  static ObjectNode parse(String line) {
    try {
      return (ObjectNode) JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(line, e);
    }
  }

  /** What was seen, without the client's own verdict. */
  static ObjectNode withoutVerdict(ObjectNode line) {
    ObjectNode rest = line.deepCopy();
    rest.remove(VERDICT);
    return rest;
  }
}
