package io.sluice.interop;

import io.sluice.interop.StreamPair.Caller;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Where a client sees something else through a translating gateway than in a direct call over its
 * own transport, and which cells of the matrix of streams there cannot be.
 */
final class StreamRules {
  /**
   * A cell that there cannot be.
   *
   * @param kinds of calls
   */
  record Gap(Set<StreamPair> pairs, Set<StreamCase> cases, Set<String> kinds, String why) {
    boolean holds(StreamPair pair, StreamCase row, String kind) {
      return pairs.contains(pair) && cases.contains(row) && kinds.contains(kind);
    }
  }

  /**
   * What a client sees instead.
   *
   * @param patch what differs from a direct call, as a JSON merge patch; if it is empty, only the
   *     client's own verdict does
   */
  record Rule(
      Set<StreamPair> pairs, Set<StreamCase> cases, Set<String> kinds, String patch, String why) {
    boolean holds(StreamPair pair, StreamCase row, String kind) {
      return pairs.contains(pair) && cases.contains(row) && kinds.contains(kind);
    }
  }

  private static final Set<String> UNARY = Set.of("unary");
  private static final Set<String> STREAMS = Set.of("client", "server", "bidi");
  private static final Set<String> ALL_BUT_CLIENT = Set.of("unary", "server", "bidi");
  private static final Set<String> ALL = Set.copyOf(StreamCase.KINDS);
  private static final Set<StreamPair> EACH = EnumSet.allOf(StreamPair.class);

  private static Set<StreamPair> by(Caller... callers) {
    EnumSet<StreamPair> pairs = EnumSet.noneOf(StreamPair.class);
    for (StreamPair pair : StreamPair.values()) {
      if (List.of(callers).contains(pair.caller())) {
        pairs.add(pair);
      }
    }
    return pairs;
  }

  private static final Set<StreamPair> BYTES = by(Caller.GO_BYTES, Caller.JAVA_BYTES);
  private static final Set<StreamPair> IDL = EnumSet.complementOf(EnumSet.copyOf(BYTES));
  private static final Set<StreamPair> UNARY_ONLY =
      EnumSet.copyOf(EACH.stream().filter(StreamPair::unaryOnly).toList());

  private static final Set<StreamPair> TO_TTSTREAM =
      EnumSet.copyOf(EACH.stream().filter(StreamPair::becomesTtstream).toList());
  private static final Set<StreamPair> TO_KITEX_PROTOBUF =
      EnumSet.of(StreamPair.GRPC_AS_PROTOBUF, StreamPair.GO_AS_PROTOBUF);
  private static final Set<StreamPair> TO_PING_PONG = union(TO_TTSTREAM, TO_KITEX_PROTOBUF);
  private static final Set<StreamPair> FROM_PING_PONG =
      EnumSet.of(
          StreamPair.TTSTREAM_AS_GRPC,
          StreamPair.TTSTREAM_TO_GO,
          StreamPair.PROTOBUF_AS_GRPC,
          StreamPair.KITEX_PROTOBUF_TO_GO);

  private static Set<StreamPair> union(Set<StreamPair> some, Set<StreamPair> others) {
    EnumSet<StreamPair> all = EnumSet.copyOf(some);
    all.addAll(others);
    return all;
  }

  /** The first that holds is the reason. */
  static final List<Gap> GAPS =
      List.of(
          new Gap(
              EACH,
              EnumSet.of(
                  StreamCase.MANY,
                  StreamCase.EARLY_END,
                  StreamCase.HALF_CLOSE,
                  StreamCase.ERROR_MIDSTREAM,
                  StreamCase.BUSINESS_MIDSTREAM),
              UNARY,
              "a unary call has one message each way, and its end with it"),
          new Gap(
              UNARY_ONLY,
              EnumSet.complementOf(EnumSet.of(StreamCase.DYING)),
              STREAMS,
              "11: ping-pong has no streams, and ttstream none of Protobuf"),
          new Gap(
              IDL,
              EnumSet.of(StreamCase.HEADER_FIRST),
              UNARY,
              "a unary call of these clients shows its headers with the reply"),
          new Gap(
              BYTES,
              EnumSet.of(
                  StreamCase.BUSINESS_BEFORE, StreamCase.BUSINESS_MIDSTREAM, StreamCase.CALLER),
              ALL,
              "business status and caller are Kitex's; between others they are metadata"),
          new Gap(
              by(Caller.TTSTREAM),
              EnumSet.of(StreamCase.CALLER),
              STREAMS,
              "6.5: ttstream does not carry the caller"),
          new Gap(
              by(Caller.TTSTREAM, Caller.KITEX_PROTOBUF),
              EnumSet.of(StreamCase.GZIP),
              ALL,
              "6.5: there is no compression but in gRPC"),
          new Gap(
              by(Caller.TTSTREAM, Caller.KITEX_PROTOBUF),
              EnumSet.of(StreamCase.CANCEL),
              UNARY,
              "10.2: ping-pong has no cancel"),
          new Gap(
              TO_PING_PONG,
              EnumSet.of(StreamCase.CANCEL),
              UNARY,
              "10.2: ping-pong has no cancel; a Kitex server is not told by the connection's end"));

  private static final String BACKWARD_AS_HEADER =
      """
      "headers": {"backward-key": "backward value", "interop-data-bin": null,
        "interop-header": null},
      "trailers": null
      """;

  private static final String BACKWARD_AS_TRAILER =
      """
      "headers": null,
      "trailers": {"backward-key": "backward value", "interop-data-bin": null,
        "interop-trailer": null}
      """;

  private static final String STATUS_AS_TEXT =
      """
      "error": {"type": 13, "details": null,
        "remoteText": "rpc error: code = 5 desc = no such thing: 無い"}
      """;

  private static final String BACKWARD =
      "9.1: what a Kitex handler sets are backward values on TTHeader, headers and trailers on gRPC";

  /** The sections are those of the Kitex wire notes. */
  static final List<Rule> RULES =
      List.of(
          new Rule(
              TO_PING_PONG,
              EnumSet.of(StreamCase.ERROR_BEFORE),
              UNARY,
              '{' + STATUS_AS_TEXT + ',' + BACKWARD_AS_TRAILER + '}',
              "8.1: a Kitex server has a gRPC status as text only on TTHeader; 9.1"),
          new Rule(
              TO_TTSTREAM,
              EnumSet.of(StreamCase.ERROR_BEFORE, StreamCase.ERROR_MIDSTREAM),
              STREAMS,
              '{' + STATUS_AS_TEXT + '}',
              "8.1: a Kitex server has a gRPC status as text only on ttstream"),
          new Rule(
              TO_PING_PONG,
              EnumSet.of(StreamCase.BUSINESS_BEFORE),
              UNARY,
              '{' + BACKWARD_AS_TRAILER + '}',
              BACKWARD),
          new Rule(
              TO_PING_PONG,
              EnumSet.of(StreamCase.TRAILERS),
              UNARY,
              '{' + BACKWARD_AS_HEADER + '}',
              BACKWARD),
          new Rule(
              TO_PING_PONG,
              EnumSet.of(StreamCase.METADATA),
              UNARY,
              '{' + BACKWARD_AS_HEADER + ", \"seen\": {\"headers\": null}}",
              BACKWARD + "; a Kitex handler sees metainfo only"),
          new Rule(
              TO_TTSTREAM,
              EnumSet.of(StreamCase.METADATA),
              STREAMS,
              "{\"seen\": {\"headers\": null}}",
              "6.1: a Kitex handler sees metainfo only on ttstream"),
          new Rule(
              TO_TTSTREAM,
              EnumSet.of(StreamCase.CALLER),
              STREAMS,
              "{\"seen\": {\"callerMethod\": \"\", \"callerService\": \"\"}}",
              "6.5: ttstream does not carry the caller"),
          new Rule(
              TO_PING_PONG,
              EnumSet.of(StreamCase.GZIP),
              ALL_BUT_CLIENT,
              "{}",
              "7.8: the requests are unpacked; the replies of a server that packs nothing come so"),
          new Rule(
              TO_TTSTREAM,
              EnumSet.of(StreamCase.UNKNOWN_METHOD, StreamCase.UNKNOWN_SERVICE),
              ALL,
              "{\"error\": null, \"result\": {\"answered\": false}}",
              "6.3: a ttstream server does not answer these; the deadline does"),
          new Rule(
              TO_KITEX_PROTOBUF,
              EnumSet.of(StreamCase.UNKNOWN_METHOD, StreamCase.UNKNOWN_SERVICE),
              UNARY,
              "{\"error\": {\"type\": 12}}",
              "8.4: EXC 1 and 20 are 12, where Kitex has the numbers themselves"),
          new Rule(
              FROM_PING_PONG,
              EnumSet.of(
                  StreamCase.ERROR_BEFORE,
                  StreamCase.BUSINESS_BEFORE,
                  StreamCase.TRAILERS,
                  StreamCase.METADATA),
              UNARY,
              """
              {"backward": {"backward-key": null, "interop-data-bin": "0001feff656e64",
                "interop-header": "header value", "interop-trailer": "trailer value"}}
              """,
              BACKWARD),
          new Rule(
              EnumSet.of(StreamPair.TTSTREAM_AS_GRPC, StreamPair.PROTOBUF_AS_GRPC),
              EnumSet.of(StreamCase.UNKNOWN_METHOD),
              UNARY,
              "{\"error\": {\"type\": 6}}",
              "7.6, 8.5: Kitex's gRPC status of an unknown method is 1, which is EXC 6"),
          new Rule(
              EnumSet.of(StreamPair.TTSTREAM_TO_GO, StreamPair.KITEX_PROTOBUF_TO_GO),
              EnumSet.of(StreamCase.UNKNOWN_SERVICE),
              UNARY,
              "{\"error\": {\"type\": 1}}",
              "8.5: others' gRPC status of an unknown service is 12, which is EXC 1"),
          new Rule(
              EnumSet.of(StreamPair.TTSTREAM_AS_GRPC, StreamPair.TTSTREAM_TO_GO),
              EnumSet.of(StreamCase.UNKNOWN_METHOD, StreamCase.UNKNOWN_SERVICE),
              STREAMS,
              "{\"error\": {\"class\": \"\", \"type\": 12001}, \"result\": {\"answered\": true}}",
              "6.3: a gRPC server answers where a ttstream one is silent"));

  private StreamRules() {}

  /** The number of the reason why there is no such cell, from 1; 0 if there is one. */
  static int gap(StreamPair pair, StreamCase row, String kind) {
    for (int i = 0; i < GAPS.size(); i++) {
      if (GAPS.get(i).holds(pair, row, kind)) {
        return i + 1;
      }
    }
    return 0;
  }

  /** The cases that a client must not even try, as they are for the peers. */
  static List<String> without(StreamPair pair) {
    List<String> names = new ArrayList<>();
    for (StreamCase row : StreamCase.values()) {
      for (String kind : StreamCase.KINDS) {
        if (gap(pair, row, kind) > 0) {
          names.add(row.of(kind));
        }
      }
    }
    return names;
  }

  /** The number of the rule for a cell, from 1; 0 if there is none. */
  static int rule(StreamPair pair, StreamCase row, String kind) {
    for (int i = 0; i < RULES.size(); i++) {
      if (RULES.get(i).holds(pair, row, kind)) {
        return i + 1;
      }
    }
    return 0;
  }
}
