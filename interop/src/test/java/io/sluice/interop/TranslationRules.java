package io.sluice.interop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where a client sees something else through a translating gateway than in a direct call over its
 * own transport: by default nothing, and where the wires do not allow that, what the table says.
 */
final class TranslationRules {
  /** The transport of the caller, and what its calls become. */
  enum Way {
    GRPC_THRIFT("grpc-thrift", "{unary: ttheader-framed, streaming: ttstream}", "stream"),
    GRPC_PROTOBUF("grpc-pb", "{unary: ttheader-framed, streaming: grpc}", "stream"),
    TTSTREAM("ttstream", "{unary: ttheader-framed, streaming: grpc}", "auto"),
    TTHEADER("ttheader-framed", "{unary: grpc}", "auto"),
    FRAMED("framed", "{unary: grpc}", "auto"),
    KITEX_PROTOBUF("kitexpb-ttheader-framed", "{unary: grpc}", "auto");

    private final String client;
    private final String transport;
    private final String mode;

    Way(String client, String transport, String mode) {
      this.client = client;
      this.transport = transport;
      this.mode = mode;
    }

    /** The transport of the client that calls. */
    String client() {
      return client;
    }

    /** The way back, by a second gateway: what the second half of this one's calls become. */
    private String transportBack() {
      return switch (this) {
        case GRPC_THRIFT, GRPC_PROTOBUF -> "{unary: grpc, streaming: grpc}";
        case TTSTREAM, TTHEADER, FRAMED, KITEX_PROTOBUF ->
            "{unary: ttheader-framed, streaming: ttstream}";
      };
    }

    private String modeBack() {
      return switch (this) {
        case GRPC_THRIFT, GRPC_PROTOBUF -> "auto";
        case TTSTREAM -> "stream";
        case TTHEADER, FRAMED, KITEX_PROTOBUF -> "unary";
      };
    }

    /**
     * A configuration's lines for this way, with a listener, a cluster and routes of its name.
     *
     * @param back whether it leads back into the caller's own transport
     */
    Lines lines(int port, boolean back) {
      String others =
          switch (this) {
            case TTHEADER, FRAMED -> ", service: InteropService";
            case KITEX_PROTOBUF -> ", package: interop.pb";
            default -> "";
          };
      return new Lines(
          "  %s: {address: '127.0.0.1:0'}%n".formatted(name()),
          "  %s: {endpoints: ['127.0.0.1:%d'], transport: %s%s}%n"
              .formatted(name(), port, back ? transportBack() : transport, others),
          """
            - {match: {listener: %1$s}, cluster: %1$s, mode: %2$s}
            - {match: {listener: %1$s, method: Ping}, cluster: %1$s, mode: unary}
            - {match: {listener: %1$s, method: Echo, codec: protobuf}, cluster: %1$s, mode: unary}
            - {match: {listener: %1$s, method: LastCancel*}, cluster: %1$s, mode: unary}
          """
              .formatted(name(), back ? modeBack() : mode));
    }
  }

  /** Parts of a configuration. */
  record Lines(String listener, String cluster, String routes) {}

  /**
   * One row of the table.
   *
   * @param patch what differs from a direct call, as a JSON merge patch; if it is empty, only the
   *     client's own verdict does
   * @param ignored fields that differ from run to run, as JSON pointers
   */
  record Rule(Way way, Set<String> cases, String patch, List<String> ignored, String why) {
    Rule(Way way, Set<String> cases, String patch, String why) {
      this(way, cases, patch, List.of(), why);
    }
  }

  private static final String TTHEADER_TRAILERS =
      """
      "headers": null, "trailers": {"backward-key": "backward value", "content-type": "%s",
        "interop-data-bin": null, "interop-trailer": null%s}
      """;

  private static final String GRPC_SEES =
      """
      "headers": {":authority": "%1$s", "content-type": "application/grpc%2$s",
        "destination-method": "%3$s", "destination-service": "%1$s"%4$s}
      """;

  private static final String CALLER =
      """
      , "source-method": "CallerMethod", "source-service": "interop.caller"
      """;

  private static final String PERSISTENT_HEADERS =
      """
      , "rpc-persist-logid": "0123456789", "rpc-persist-mixed-case-key": "2",
        "rpc-persist-persistent-key": "persistent value é"
      """;

  private static final String TRANSIENT_HEADERS =
      """
      , "rpc-transit-other-key": "t", "rpc-transit-transient-key": "transient value é"
      """;

  private static final String UPPER_PERSISTENT =
      """
      "persistent": {"MIXED_CASE_KEY": "2", "Mixed-Case_Key": null,
        "PERSISTENT_KEY": "persistent value é", "persistent_key": null}
      """;

  private static final String UPPER_TRANSIENT =
      """
      "transient": {"OTHER_KEY": "t", "Other-Key": null,
        "TRANSIENT_KEY": "transient value é", "transient_key": null}
      """;

  private static final String WORDS =
      "8.1: a Kitex server has other words for the same error on the other protocol; its type by 8.4"
          + " or 8.5, with the exact one beside it";
  private static final String BACKWARD =
      "9.1: what the server's handler sets are backward values on TTHeader, headers and trailers on"
          + " gRPC";
  private static final String NO_CALLER = "6.5: ttstream has neither deadline nor caller";
  private static final String SEES = "9.1: the server sees headers of gRPC, in lower case";

  private TranslationRules() {}

  /** The table, for calls through one gateway. */
  static final List<Rule> RULES =
      List.of(
          // gRPC Thrift to TTHeader and ttstream.
          error(Way.GRPC_THRIFT, "unary-plain-error", rpc(13, "biz error: plain failure"), 6),
          error(Way.GRPC_THRIFT, "unary-typed-error", rpc(2, "typed failure [biz error]"), 4711),
          error(Way.GRPC_THRIFT, "unary-grpc-status", rpc(13, statusText()), 6),
          error(Way.GRPC_THRIFT, "unary-panic", "", 6),
          backward(Way.GRPC_THRIFT),
          metadata(Way.GRPC_THRIFT),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("unary-deadline-seen"),
              "{\"seen\": {\"headers\": null, \"rpcTimeout\": true}}",
              "10.1: TTHeader's deadline is Kitex's rpcTimeout"),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("bidi-empty"),
              "{\"headers\": {\"content-type\": \"application/grpc+thrift\"}, \"trailers\": null}",
              "6.1: a ttstream server always sends a HEADER, a gRPC one only with something in it"),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("client-stream-error"),
              """
              {"error": {"remoteText": "biz error: plain failure",
                  "text": "rpc error: code = 13 desc = biz error: plain failure"},
                "headers": {"content-type": "application/grpc+thrift"},
                "trailers": {"content-type": null, "thrift-exception-type": "6"}}
              """,
              WORDS),
          streamError(
              Set.of(
                  "server-stream-error", "server-error-before-message", "server-error-midstream"),
              "biz error: plain failure"),
          streamError(Set.of("server-error-typed"), "biz error: typed failure"),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("server-error-panic"),
              "{\"trailers\": {\"thrift-exception-type\": \"6\"}}",
              WORDS),
          streamError(Set.of("server-error-grpc-status"), statusText()),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("biz-grpc-status"),
              "{}",
              "8.3: ttstream has no place for the gRPC status of a business status: it is 13"),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("cancel"),
              cancelled(
                  "[ttstream error, code=12010] [server-side stream] cancelled by the caller"),
              "8.3, 10.2: a cancel of gRPC has no text, and is one by upstream on ttstream"),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("metadata", "deadline-none"),
              """
              {"seen": {"callerMethod": "", "callerService": "", "deadline": false,
                "headers": null}}
              """,
              NO_CALLER),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("deadline-seen"),
              """
              {"result": {"deadline": "none"},
                "seen": {"callerMethod": "", "callerService": "", "deadline": false,
                  "headers": null}}
              """,
              NO_CALLER),
          new Rule(
              Way.GRPC_THRIFT,
              Set.of("unknown-method", "unknown-service"),
              "{\"error\": {\"type\": 4}}",
              List.of("/error/text", "/error/remoteText"),
              "6.3: a ttstream server does not answer these; the deadline does"),

          // gRPC Protobuf to Kitex Protobuf; its streams stay gRPC.
          error(Way.GRPC_PROTOBUF, "unary-plain-error", rpc(13, "biz error: plain failure"), 6),
          error(Way.GRPC_PROTOBUF, "unary-typed-error", rpc(2, "typed failure [biz error]"), 4711),
          error(Way.GRPC_PROTOBUF, "unary-grpc-status", rpc(13, statusText()), 6),
          error(Way.GRPC_PROTOBUF, "unary-panic", "", 6),
          backward(Way.GRPC_PROTOBUF),
          metadata(Way.GRPC_PROTOBUF),
          new Rule(
              Way.GRPC_PROTOBUF,
              Set.of("unary-deadline-seen"),
              "{\"seen\": {\"headers\": null, \"rpcTimeout\": true}}",
              "10.1: TTHeader's deadline is Kitex's rpcTimeout"),

          // ttstream to gRPC Thrift.
          new Rule(
              Way.TTSTREAM,
              Set.of(
                  "client-stream-error",
                  "server-stream-error",
                  "server-error-before-message",
                  "server-error-midstream"),
              ttstreamError("plain failure [biz error]", 13),
              WORDS),
          new Rule(
              Way.TTSTREAM,
              Set.of("server-error-typed"),
              ttstreamError("typed failure [biz error]", 4711),
              WORDS),
          new Rule(
              Way.TTSTREAM,
              Set.of("server-error-panic"),
              "{\"trailers\": {\"grpc-status\": \"13\"}}",
              WORDS),
          new Rule(
              Way.TTSTREAM,
              Set.of("cancel"),
              cancelled(
                  "rpc error: code = 1 desc = transport: RSTStream Frame received with error code:"
                      + " CANCEL [triggered by ]"),
              "7.6: a cancel of gRPC has no text"),
          new Rule(
              Way.TTSTREAM,
              Set.of("metadata"),
              "{\"seen\": {"
                  + GRPC_SEES.formatted(
                      "InteropStream", "+thrift", "Echo", PERSISTENT_HEADERS + TRANSIENT_HEADERS)
                  + ','
                  + UPPER_PERSISTENT
                  + ','
                  + UPPER_TRANSIENT
                  + "}}",
              SEES),
          new Rule(
              Way.TTSTREAM,
              Set.of("deadline-none", "deadline-seen"),
              "{\"seen\": {" + GRPC_SEES.formatted("InteropStream", "+thrift", "Echo", "") + "}}",
              SEES),
          unknownStream("unknown-method", "unknown method AbsentMethod"),
          unknownStream("unknown-service", "unknown service AbsentService"),

          // TTHeader to gRPC Thrift.
          new Rule(
              Way.TTHEADER,
              Set.of("plain-error"),
              pingPongError("plain failure [biz error]", 13),
              WORDS),
          new Rule(
              Way.TTHEADER,
              Set.of("typed-error"),
              "{\"backward\": {\"grpc-status\": \"4711\"}}",
              WORDS),
          new Rule(
              Way.TTHEADER,
              Set.of("application-exception"),
              pingPongError("application exception of the handler [biz error]", 13),
              WORDS),
          new Rule(
              Way.TTHEADER, Set.of("panic"), "{\"backward\": {\"grpc-status\": \"13\"}}", WORDS),
          inspected(Set.of("caller-name", "backward"), "", "", "\"rpcTimeout\": false"),
          inspected(
              Set.of("metainfo-persistent"),
              "",
              PERSISTENT_HEADERS,
              "\"rpcTimeout\": false," + UPPER_PERSISTENT),
          inspected(
              Set.of("metainfo-transient"),
              "",
              TRANSIENT_HEADERS,
              "\"rpcTimeout\": false," + UPPER_TRANSIENT),
          inspected(Set.of("deadline-none"), "", "", "\"rpcTimeout\": false"),
          inspected(
              Set.of("deadline-seen"),
              "\"result\": {\"rpcTimeout\": \"none\"},",
              "",
              "\"rpcTimeout\": false"),
          unknown(Way.TTHEADER, "unknown-method", "unknown method AbsentMethod", 6, 1),
          unknown(Way.TTHEADER, "unknown-service", "unknown service AbsentService", 20, 20),
          oneway(Way.TTHEADER),
          new Rule(
              Way.TTHEADER,
              Set.of("two-codecs"),
              refused(20, "unknown service TwinService"),
              "5: the server's twins are there for ping-pong only"),
          nameless(Way.TTHEADER),

          // Framed to gRPC Thrift.
          new Rule(
              Way.FRAMED,
              Set.of("plain-error"),
              "{" + remote("plain failure [biz error]") + "}",
              WORDS),
          new Rule(
              Way.FRAMED,
              Set.of("application-exception"),
              "{" + remote("application exception of the handler [biz error]") + "}",
              WORDS),
          new Rule(
              Way.FRAMED,
              Set.of("biz-status"),
              businessError("code=7001, msg=業務エラー é"),
              "8.3: a business status toward Framed is EXC 6 'biz error: code=c, msg=X'"),
          new Rule(
              Way.FRAMED,
              Set.of("biz-status-no-extra"),
              businessError("code=-7002, msg=business refusal without extra"),
              "8.3: as before, negative and without extra"),
          new Rule(
              Way.FRAMED,
              Set.of(
                  "caller-name",
                  "metainfo-persistent",
                  "metainfo-transient",
                  "backward",
                  "deadline-none",
                  "deadline-seen"),
              "{\"seen\": {"
                  + GRPC_SEES.formatted("InteropService", "+thrift", "Inspect", "")
                  + "}}",
              SEES),
          new Rule(
              Way.FRAMED,
              Set.of("unknown-method"),
              refused(6, "unknown method AbsentMethod"),
              "7.6, 8.5: Kitex's gRPC status of an unknown method is 1, which is EXC 6"),
          oneway(Way.FRAMED),
          nameless(Way.FRAMED),

          // Kitex Protobuf to gRPC Protobuf.
          protobufError("unary-plain-error", remote("plain failure [biz error]") + ",", 13),
          protobufError("unary-typed-error", "", 4711),
          protobufError("unary-panic", "", 13),
          new Rule(
              Way.KITEX_PROTOBUF,
              Set.of("unary-biz-status", "unary-biz-no-extra"),
              "{" + grpcMetadata("") + "}",
              BACKWARD),
          new Rule(
              Way.KITEX_PROTOBUF,
              Set.of("unary-metadata"),
              "{"
                  + grpcMetadata("")
                  + ", \"seen\": {"
                  + GRPC_SEES.formatted(
                      "InteropPb", "", "Echo", PERSISTENT_HEADERS + TRANSIENT_HEADERS + CALLER)
                  + ", \"rpcTimeout\": false,"
                  + UPPER_PERSISTENT
                  + ','
                  + UPPER_TRANSIENT
                  + "}}",
              SEES),
          new Rule(
              Way.KITEX_PROTOBUF,
              Set.of("unary-deadline-none", "unary-deadline-seen"),
              "{\"seen\": {"
                  + GRPC_SEES.formatted("InteropPb", "", "Echo", CALLER)
                  + ", \"rpcTimeout\": false}}",
              SEES),
          unknown(Way.KITEX_PROTOBUF, "unknown-method", "unknown method AbsentMethod", 6, 1),
          unknown(Way.KITEX_PROTOBUF, "unknown-service", "unknown service AbsentService", 20, 20));

  private static String statusText() {
    return "biz error: rpc error: code = 5 desc = no such thing: 無い";
  }

  private static String type(Way way) {
    return way == Way.GRPC_THRIFT ? "application/grpc+thrift" : "application/grpc";
  }

  private static String rpc(int code, String text) {
    return """
        "error": {"details": null, "type": %1$d, "remoteText": "%2$s",
          "text": "remote or network error: rpc error: code = %1$d desc = %2$s"},
        """
        .formatted(code, text);
  }

  private static Rule error(Way way, String name, String error, int type) {
    String exception = ", \"thrift-exception-type\": \"" + type + '"';
    return new Rule(
        way,
        Set.of(name),
        '{' + error + TTHEADER_TRAILERS.formatted(type(way), exception) + '}',
        WORDS);
  }

  private static Rule backward(Way way) {
    return new Rule(
        way,
        Set.of("unary-biz-status", "unary-biz-no-extra", "unary-biz-grpc-status"),
        '{' + TTHEADER_TRAILERS.formatted(type(way), "") + '}',
        BACKWARD);
  }

  private static Rule metadata(Way way) {
    return new Rule(
        way,
        Set.of("unary-metadata"),
        """
        {"headers": {"backward-key": "backward value", "interop-data-bin": null,
            "interop-header": null},
          "seen": {"headers": null, "rpcTimeout": true}, "trailers": null}
        """,
        BACKWARD);
  }

  private static Rule streamError(Set<String> cases, String text) {
    return new Rule(
        Way.GRPC_THRIFT,
        cases,
        """
        {"error": {"details": null, "type": 13, "remoteText": "%1$s",
            "text": "rpc error: code = 13 desc = %1$s"},
          "trailers": {"thrift-exception-type": "6"}}
        """
            .formatted(text),
        WORDS);
  }

  private static String cancelled(String text) {
    return "{\"result\": {\"serverContext\": \"%1$s\", \"serverError\": \"%1$s\"}}".formatted(text);
  }

  private static String ttstreamError(String text, int status) {
    return """
        {"error": {"remoteText": "%1$s",
            "text": "[ttstream error, code=12001] [client-side stream] %1$s"},
          "trailers": {"grpc-status": "%2$d"}}
        """
        .formatted(text, status);
  }

  private static Rule unknownStream(String name, String text) {
    return new Rule(
        Way.TTSTREAM,
        Set.of(name),
        """
        {"error": {"class": "ttstream exception", "remoteText": "%1$s", "type": 12001,
            "text": "[ttstream error, code=12001] [client-side stream] %1$s"},
          "result": {"answered": true}}
        """
            .formatted(text),
        "6.3: a gRPC server answers where a ttstream one is silent");
  }

  private static String remote(String text) {
    return """
        "error": {"remoteText": "%1$s", "text": "remote or network error[remote]: %1$s"}
        """
        .formatted(text);
  }

  private static String pingPongError(String text, int status) {
    return "{" + remote(text) + ", \"backward\": {\"grpc-status\": \"" + status + "\"}}";
  }

  private static Rule inspected(Set<String> cases, String result, String headers, String seen) {
    return new Rule(
        Way.TTHEADER,
        cases,
        "{\"backward\": null,"
            + result
            + "\"seen\": {"
            + GRPC_SEES.formatted("InteropService", "+thrift", "Inspect", headers + CALLER)
            + ','
            + seen
            + "}}",
        SEES + "; it has no backward values");
  }

  private static Rule unknown(Way way, String name, String text, int type, int status) {
    return new Rule(
        way,
        Set.of(name),
        """
        {"backward": {"grpc-status": "%3$d"},
          "error": {"type": %2$d, "remoteText": "%1$s",
            "text": "remote or network error[remote]: %1$s"}}
        """
            .formatted(text, type, status),
        "7.6, 8.5: Kitex's gRPC status of an unknown method is 1, of an unknown service 20");
  }

  private static String refused(int type, String text) {
    return """
        {"error": {"type": %d, "class": "remote or network error", "remoteText": "%2$s",
          "text": "remote or network error[remote]: %2$s"}}
        """
        .formatted(type, text);
  }

  private static String businessError(String status) {
    return """
        {"error": {"type": 6, "class": "remote or network error",
            "remoteText": "biz error: %1$s",
            "text": "remote or network error[remote]: biz error: %1$s"},
          "result": null}
        """
        .formatted(status);
  }

  private static Rule oneway(Way way) {
    return new Rule(
        way,
        Set.of("oneway"),
        "{\"result\": {\"fired\": 0}}",
        "3.8: gRPC has no oneway; a Kitex server fails on one without running it");
  }

  private static Rule nameless(Way way) {
    return new Rule(
        way,
        Set.of("two-codecs-nameless"),
        refused(6, "unknown method LastCancelPb"),
        "5: gRPC needs a name, and the cluster gives all nameless calls the same");
  }

  private static String grpcMetadata(String more) {
    return """
        "backward": {"backward-key": null, "interop-data-bin": "\\u0000\\u0001\\ufffd\\ufffdend",
          "interop-header": "header value", "interop-trailer": "trailer value"%s}
        """
        .formatted(more);
  }

  private static Rule protobufError(String name, String error, int status) {
    return new Rule(
        Way.KITEX_PROTOBUF,
        Set.of(name),
        '{' + error + grpcMetadata(", \"grpc-status\": \"" + status + '"') + '}',
        WORDS);
  }

  /**
   * Whether even a way there and back leaves a difference, for a reason that has its rule above:
   * oneways, deadlines of streams, the texts of a cancel, names and business statuses of Framed.
   */
  static boolean comesBackOtherwise(Way way, String name) {
    return switch (way) {
      case GRPC_THRIFT -> name.equals("deadline-seen");
      case TTSTREAM -> Set.of("cancel", "unknown-method", "unknown-service").contains(name);
      case TTHEADER -> Set.of("oneway", "two-codecs-nameless").contains(name);
      case FRAMED ->
          Set.of(
                  "oneway",
                  "two-codecs-nameless",
                  "biz-status",
                  "biz-status-no-extra",
                  "unknown-method")
              .contains(name);
      case GRPC_PROTOBUF, KITEX_PROTOBUF -> false;
    };
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The number of the rule for a case, from 1; 0 if there is none. */
  static int numberOf(Way way, String name) {
    for (int i = 0; i < RULES.size(); i++) {
      if (RULES.get(i).way() == way && RULES.get(i).cases().contains(name)) {
        return i + 1;
      }
    }
    return 0;
  }

  /** What a client is to see that would see {@code direct} in a direct call. */
  static ObjectNode patched(ObjectNode direct, String patch) {
    try {
      ObjectNode expected = direct.deepCopy();
      merge(expected, (ObjectNode) JSON.readTree(patch));
      return expected;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(patch, e);
    }
  }

  /** As RFC 7386 has it. */
  private static void merge(ObjectNode into, ObjectNode patch) {
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      JsonNode value = field.getValue();
      if (value.isNull()) {
        into.remove(field.getKey());
      } else if (value instanceof ObjectNode object) {
        JsonNode there = into.get(field.getKey());
        merge(there instanceof ObjectNode known ? known : into.putObject(field.getKey()), object);
      } else {
        into.set(field.getKey(), value);
      }
    }
  }
}
