package io.sluice.demo;

import static io.sluice.api.Codec.PROTOBUF;
import static io.sluice.api.Codec.THRIFT;
import static io.sluice.api.Protocol.TTHEADER;
import static io.sluice.api.Protocol.TTHEADER_FRAMED;

import io.sluice.demo.Caller.Reply;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;

/**
 * One call to make, and what shall come of it with {@code conf/demo.yaml}.
 *
 * @param title of its row
 * @param service empty for Framed and Buffered, which do not tell it
 * @param serviceSees metadata that must reach the service
 * @param callerGets metadata that must come back
 */
record DemoCall(
    String title,
    String service,
    String method,
    List<String> messages,
    Map<String, String> serviceSees,
    Map<String, String> callerGets,
    Connect connect) {

  /** Connects a caller to the gateway. */
  @FunctionalInterface
  interface Connect {
    Caller connect() throws Exception;
  }

  /** One for each protocol. */
  static List<DemoCall> all(Vertx vertx, int gateway) {
    List<String> one = List.of("hello");
    List<String> three = List.of("one", "two", "three");
    return List.of(
        new DemoCall(
            "framed",
            "",
            "get",
            one,
            Map.of("x-gateway", "sluice", "x-arrived-by", "framed", "x-tier", "basic"),
            Map.of(), // Framed has no place for it
            () -> new ThriftCaller(gateway, true, "get")),
        new DemoCall(
            "buffered",
            "",
            "get",
            one,
            Map.of("x-gateway", "sluice", "x-arrived-by", "buffered", "x-tier", "basic"),
            Map.of(),
            () -> new ThriftCaller(gateway, false, "get")),
        new DemoCall(
            "ttheader",
            "UserProfile",
            "get",
            one,
            Map.of("x-gateway", "sluice", "x-arrived-by", "ttheader", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new KitexCaller(gateway, TTHEADER, THRIFT, false, "UserProfile", "get")),
        new DemoCall(
            "ttheader-framed",
            "Orders",
            "get",
            one,
            Map.of(), // the service speaks Framed
            Map.of("x-gateway", "sluice", "x-served-by", "orders"),
            () -> new KitexCaller(gateway, TTHEADER_FRAMED, THRIFT, false, "Orders", "get")),
        new DemoCall(
            "ttheader mux",
            "UserProfile",
            "get",
            three,
            Map.of("x-gateway", "sluice", "x-arrived-by", "ttheader-framed", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new KitexCaller(gateway, TTHEADER_FRAMED, THRIFT, true, "UserProfile", "get")),
        new DemoCall(
            "kitex protobuf",
            "UserSearch",
            "Get",
            one,
            Map.of("x-gateway", "sluice", "x-arrived-by", "ttheader-framed", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new KitexCaller(gateway, TTHEADER_FRAMED, PROTOBUF, false, "UserSearch", "Get")),
        new DemoCall(
            "grpc unary",
            "shop.Cart",
            "Get",
            one,
            Map.of("x-gateway", "sluice", "x-tier", "gold", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new GrpcCaller(vertx, gateway, "Get")),
        new DemoCall(
            "grpc bidi",
            "shop.Cart",
            "Watch",
            three,
            Map.of("x-gateway", "sluice", "x-tier", "gold", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new GrpcCaller(vertx, gateway, "Watch")),
        new DemoCall(
            "ttstream bidi",
            "Chat",
            "talk",
            three,
            Map.of("x-gateway", "sluice", "x-arrived-by", "ttstream", "x-caller", "demo"),
            Map.of("x-gateway", "sluice"),
            () -> new StreamCaller(gateway, "Chat", "talk")));
  }

  /** What is wrong with the outcome of this call; empty if nothing is. */
  Optional<String> fault(Reply reply) {
    List<String> echoed = reply.answers().stream().map(Answer::message).toList();
    if (!echoed.equals(messages)) {
      return Optional.of("sent " + messages + ", got " + echoed);
    }
    for (Answer answer : reply.answers()) {
      Optional<String> missing =
          missing("the service did not see ", serviceSees, answer.metadata());
      if (missing.isPresent()) {
        return missing;
      }
    }
    return missing("the caller did not get ", callerGets, reply.metadata());
  }

  private static Optional<String> missing(
      String what, Map<String, String> wanted, Map<String, String> there) {
    for (Entry<String, String> entry : wanted.entrySet()) {
      if (!entry.getValue().equals(there.get(entry.getKey()))) {
        return Optional.of(what + entry);
      }
    }
    return Optional.empty();
  }
}
