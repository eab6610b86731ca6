package io.sluice.interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a client must see through the gateway when the two legs have these framings: by default the
 * same as in a direct call, and where the wire does not allow that, what the table says.
 */
final class Expectations {
  /** What is in the messages. */
  enum Codec {
    THRIFT("", "Thrift"),
    PROTOBUF("kitexpb-", "Kitex Protobuf");

    private final String prefix;
    private final String text;

    Codec(String prefix, String text) {
      this.prefix = prefix;
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** The framings of a leg. */
  enum Leg {
    FRAMED("framed"),
    BUFFERED("buffered"),
    TTHEADER("ttheader"),
    TTHEADER_FRAMED("ttheader-framed"),
    /** TTHeader with many calls at once on a connection. */
    TTHEADER_MUX("ttheader-mux");

    private final String label;

    Leg(String label) {
      this.label = label;
    }

    /** Its name for the peers. */
    String label(Codec codec) {
      return codec.prefix + label;
    }

    /** A cluster's {@code transport}. */
    String transport() {
      return this == TTHEADER_MUX ? "{unary: ttheader-framed, multiplex: true}" : label;
    }

    boolean carriesMetadata() {
      return this != FRAMED && this != BUFFERED;
    }

    /** The legs that Kitex clients have with that codec. */
    static List<Leg> ofCallers(Codec codec) {
      return codec == Codec.THRIFT ? List.of(values()) : List.of(TTHEADER_FRAMED, TTHEADER_MUX);
    }

    /** The legs that servers can have with that codec: Protobuf has no Buffered form. */
    static List<Leg> ofDownstreams(Codec codec) {
      return Stream.of(values()).filter(leg -> codec == Codec.THRIFT || leg != BUFFERED).toList();
    }

    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * The codec, and the framings of both legs.
   *
   * @param in between the client and the gateway
   * @param out between the gateway and the server
   */
  record Pair(Codec codec, Leg in, Leg out) {
    @Override
    public String toString() {
      return codec + ": " + in + " → " + out;
    }
  }

  /** Which pairs a rule is for. */
  private enum Pairs {
    METADATA_IS_LOST(Codec.THRIFT),
    METADATA_IS_NEW(Codec.THRIFT),
    TO_BUFFERED(Codec.THRIFT),
    PROTOBUF_TO_FRAMED(Codec.PROTOBUF);

    private final Codec codec;

    Pairs(Codec codec) {
      this.codec = codec;
    }

    boolean holds(Pair pair) {
      boolean in = pair.in().carriesMetadata();
      boolean out = pair.out().carriesMetadata();
      return pair.codec() == codec
          && switch (this) {
            case METADATA_IS_LOST -> in && !out;
            case METADATA_IS_NEW -> !in && out;
            case TO_BUFFERED -> pair.out() == Leg.BUFFERED;
            case PROTOBUF_TO_FRAMED -> pair.out() == Leg.FRAMED;
          };
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

    /** As a direct call over the caller's transport, but for a field that is not there. */
    record Without(String field) implements Expectation {}

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
  record Rule(Pairs pairs, Set<String> cases, Expectation expectation, String why) {
    /** Whether the rule is for all cases of its pairs. */
    private boolean isFor(String name) {
      return cases.isEmpty() || cases.contains(name);
    }
  }

  /** A rule and the number of its footnote; number 0 is the default. */
  record Numbered(int number, Expectation expectation) {}

  private static final String UNKNOWN_SERVICE =
      """
      {"error": {
        "type": 20,
        "class": "remote or network error",
        "text": "remote or network error[remote]: unknown service , method AbsentMethod",
        "remoteText": "unknown service , method AbsentMethod"}}
      """;

  /** What a server of {@code InteropPb} sees of a caller that it is told nothing about. */
  private static final String SEEN_NOTHING =
      """
      "seen": {
        "callerService": "", "callerMethod": "",
        "service": "InteropPb", "method": "Echo",
        "persistent": {}, "transient": {},
        "rpcTimeout": false, "deadline": false}
      """;

  private static final String NO_BUFFERED_PROTOBUF =
      "Kitex Protobuf has no Buffered form: it needs a frame length";

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
              new Expectation.Exactly(UNKNOWN_SERVICE),
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
              "8.3: as before, negative and without extra"),
          new Rule(
              Pairs.TO_BUFFERED,
              Set.of("two-codecs", "two-codecs-nameless"),
              new Expectation.Exactly(
                  """
                  {"result": {"rounds": 10}, "error": {
                    "type": 9,
                    "class": "remote or network error",
                    "text": "remote or network error[remote]: %s",
                    "remoteText": "%s"}}
                  """
                      .formatted(NO_BUFFERED_PROTOBUF, NO_BUFFERED_PROTOBUF)),
              "4, 8.3: Kitex Protobuf has no Buffered form, so its calls are EXC 9; those of Thrift"
                  + " beside them go on"),
          new Rule(
              Pairs.PROTOBUF_TO_FRAMED,
              Set.of("unary-plain-error", "unary-typed-error", "unary-panic"),
              new Expectation.Without("backward"),
              "9.1: Framed carries no backward values; the error is as in a direct call"),
          new Rule(
              Pairs.PROTOBUF_TO_FRAMED,
              Set.of("unary-biz-status", "unary-biz-no-extra"),
              new Expectation.Exactly("{}"),
              "8.1: a Kitex server loses the business status on Framed and answers an empty REPLY"),
          new Rule(
              Pairs.PROTOBUF_TO_FRAMED,
              Set.of("unary-metadata"),
              new Expectation.Exactly('{' + SEEN_NOTHING + '}'),
              "9.1: Framed carries no metadata and no caller"),
          new Rule(
              Pairs.PROTOBUF_TO_FRAMED,
              Set.of("unary-deadline-none", "unary-deadline-seen"),
              new Expectation.Exactly(
                  "{\"result\": {\"deadline\": \"none\"}, " + SEEN_NOTHING + '}'),
              "10.1: Framed carries no deadline; the gateway keeps it all the same"
                  + " (unary-deadline-exceeded is =)"),
          new Rule(
              Pairs.PROTOBUF_TO_FRAMED,
              Set.of("unknown-method", "unknown-service"),
              new Expectation.Exactly(UNKNOWN_SERVICE),
              "5, 8.3: Framed carries no service name; the server's EXC 20 is passed on"));

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
      if (rule.pairs().holds(pair) && rule.isFor(name)) {
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
