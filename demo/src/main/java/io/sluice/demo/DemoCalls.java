package io.sluice.demo;

import static io.sluice.api.Codec.PROTOBUF;
import static io.sluice.api.Codec.THRIFT;
import static io.sluice.api.Protocol.BUFFERED;
import static io.sluice.api.Protocol.FRAMED;
import static io.sluice.api.Protocol.GRPC;
import static io.sluice.api.Protocol.TTHEADER;
import static io.sluice.api.Protocol.TTHEADER_FRAMED;
import static io.sluice.api.Protocol.TTSTREAM;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.demo.DemoCall.Connect;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The calls of the demo: one of each kind by each protocol, and each that is translated. */
final class DemoCalls {
  private static final List<Kind> STREAMS = List.of(Kind.CLIENT, Kind.SERVER, Kind.BIDI);

  private final Vertx vertx;
  private final int gateway;
  private final List<DemoCall> calls = new ArrayList<>();

  private DemoCalls(Vertx vertx, int gateway) {
    this.vertx = vertx;
    this.gateway = gateway;
  }

  /** A service, and what the routes of {@code conf/demo.yaml} do to calls of it. */
  private enum To {
    /** Whatever the route without a match takes. */
    ANY("", TTHEADER_FRAMED, TTHEADER_FRAMED, Map.of("x-tier", "basic"), Map.of()),
    ORDERS("Orders", FRAMED, FRAMED, Map.of(), Map.of("x-served-by", "orders")),
    USER_PROFILE("UserProfile", TTHEADER_FRAMED, TTHEADER_FRAMED, Map.of(), Map.of()),
    USER_SEARCH("UserSearch", TTHEADER_FRAMED, TTHEADER_FRAMED, Map.of(), Map.of()),
    CHAT("Chat", TTHEADER_FRAMED, TTSTREAM, Map.of(), Map.of()),
    CART("Cart", GRPC, GRPC, Map.of("x-tier", "gold"), Map.of());

    final String service;
    final Protocol unary;
    final Protocol streams;
    final Map<String, String> onRequest;
    final Map<String, String> onResponse;

    To(
        String service,
        Protocol unary,
        Protocol streams,
        Map<String, String> onRequest,
        Map<String, String> onResponse) {
      this.service = service;
      this.unary = unary;
      this.streams = streams;
      this.onRequest = onRequest;
      this.onResponse = onResponse;
    }
  }

  /**
   * All of them.
   *
   * @param vertx for callers that need one
   * @param gateway the port of the gateway
   */
  static List<DemoCall> all(Vertx vertx, int gateway) {
    DemoCalls all = new DemoCalls(vertx, gateway);
    all.pingPong();
    all.streams();
    all.translated();
    return all.calls;
  }

  private void pingPong() {
    thrift(BUFFERED);
    thrift(FRAMED);
    kitex(TTHEADER, THRIFT, To.USER_PROFILE);
    kitex(TTHEADER_FRAMED, THRIFT, To.ORDERS);
    multiplexed();
    kitex(TTHEADER_FRAMED, PROTOBUF, To.USER_SEARCH);
  }

  private void streams() {
    for (Codec codec : List.of(PROTOBUF, THRIFT)) {
      for (Kind kind : Kind.values()) {
        grpc(codec, kind, To.CART);
      }
    }
    STREAMS.forEach(kind -> ttstream(kind, To.CHAT));
  }

  private void translated() {
    grpc(THRIFT, Kind.UNARY, To.USER_PROFILE);
    grpc(THRIFT, Kind.UNARY, To.CHAT);
    grpc(PROTOBUF, Kind.UNARY, To.USER_SEARCH);
    kitex(TTHEADER_FRAMED, THRIFT, To.CART);
    kitex(TTHEADER_FRAMED, PROTOBUF, To.CART);
    STREAMS.forEach(kind -> grpc(THRIFT, kind, To.CHAT));
    STREAMS.forEach(kind -> ttstream(kind, To.CART));
  }

  private void thrift(Protocol framing) {
    String method = Kind.UNARY.method(THRIFT);
    Connect connect = () -> new ThriftCaller(gateway, framing == FRAMED, method);
    calls.add(call(framing.label(), framing, THRIFT, Kind.UNARY, To.ANY, "", connect));
  }

  private void kitex(Protocol framing, Codec codec, To to) {
    String title = codec == THRIFT ? framing.label() : "kitex protobuf";
    String method = Kind.UNARY.method(codec);
    Connect connect = () -> new KitexCaller(gateway, framing, codec, false, to.service, method);
    calls.add(call(title, framing, codec, Kind.UNARY, to, to.service, connect));
  }

  /** Three calls at once on one connection. */
  private void multiplexed() {
    To to = To.USER_PROFILE;
    String method = Kind.UNARY.method(THRIFT);
    Connect connect =
        () -> new KitexCaller(gateway, TTHEADER_FRAMED, THRIFT, true, to.service, method);
    calls.add(
        call("ttheader mux", TTHEADER_FRAMED, THRIFT, Kind.UNARY, to, to.service, connect)
            .saying(List.of("one", "two", "three")));
  }

  private void grpc(Codec codec, Kind kind, To to) {
    String service = to == To.CART ? "shop.Cart" : to.service;
    Connect connect = () -> new GrpcCaller(vertx, gateway, kind, codec, service);
    calls.add(call("grpc " + codec.label(), GRPC, codec, kind, to, service, connect));
  }

  private void ttstream(Kind kind, To to) {
    Connect connect = () -> new StreamCaller(gateway, kind, to.service);
    calls.add(call(TTSTREAM.label(), TTSTREAM, THRIFT, kind, to, to.service, connect));
  }

  private static DemoCall call(
      String caller, Protocol by, Codec codec, Kind kind, To to, String service, Connect connect) {
    Protocol servedBy = kind == Kind.UNARY ? to.unary : to.streams;
    Map<String, String> sees = new TreeMap<>();
    if (servedBy.carriesMetadata()) {
      sees.put("x-gateway", "sluice");
      sees.put("x-arrived-by", by.label());
      sees.putAll(to.onRequest);
      sees.putAll(by.carriesMetadata() ? Caller.METADATA : Map.of());
    }
    Map<String, String> gets = new TreeMap<>();
    if (by.carriesMetadata()) {
      gets.put("x-gateway", "sluice");
      gets.putAll(to.onResponse);
    }
    return new DemoCall(
        caller,
        by,
        kind,
        service,
        kind.method(codec),
        kind.messages(),
        kind.answers(),
        servedBy,
        Collections.unmodifiableMap(sees),
        Collections.unmodifiableMap(gets),
        connect);
  }
}
