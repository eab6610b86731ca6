package io.sluice.testkit;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Metadata;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.wire.grpc.GrpcHeaders;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a caller is going to say: to be filled in, and then sent by {@link TestGateway#call} or
 * {@link TestGateway#open}, as often as is wanted. Not to be changed while it is being sent.
 *
 * <pre>{@code
 * Reply reply =
 *     gateway.call(
 *         Request.by(Protocol.GRPC).to("shop.Cart", "Get").from("web").metadata("tier", "gold").text("hello"));
 * }</pre>
 *
 * <p>What a protocol has no place for is left out, as it is on the wire: {@link Protocol#FRAMED}
 * and {@link Protocol#BUFFERED} tell neither service nor caller nor metadata, and only {@link
 * Protocol#GRPC} tells a package.
 */
public final class Request {
  private static final String LISTENER = "rpc";

  private final Protocol protocol;
  private final Codec codec;
  private String packageName = "";
  private String service = "Test";
  private String method = "call";
  private String caller = "";
  private String callerMethod = "";
  private SocketAddress peer = new InetSocketAddress("127.0.0.1", 49_152);
  private @Nullable Duration timeout;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, String> persistent = new LinkedHashMap<>();
  private final Map<String, String> transients = new LinkedHashMap<>();
  private final List<byte[]> messages = new ArrayList<>();

  private Request(Protocol protocol, Codec codec) {
    this.protocol = Objects.requireNonNull(protocol);
    this.codec = Objects.requireNonNull(codec);
  }

  /** By this protocol, in the codec that is usual for it: Protobuf by gRPC, else Thrift. */
  public static Request by(Protocol protocol) {
    return by(protocol, protocol == Protocol.GRPC ? Codec.PROTOBUF : Codec.THRIFT);
  }

  /**
   * By this protocol in this codec.
   *
   * @throws IllegalArgumentException if there is no such pair: Buffered, TTHeader without a frame
   *     and ttstream are Thrift's
   */
  public static Request by(Protocol protocol, Codec codec) {
    if (codec == Codec.PROTOBUF && !carriesProtobuf(protocol)) {
      throw new IllegalArgumentException(protocol.label() + " carries Thrift only");
    }
    return new Request(protocol, codec);
  }

  private static boolean carriesProtobuf(Protocol protocol) {
    return protocol == Protocol.FRAMED
        || protocol == Protocol.TTHEADER_FRAMED
        || protocol == Protocol.GRPC;
  }

  /**
   * A request for each pair of protocol and codec that there is: all that say {@code hello} to
   * {@code Test/call}, to be filled in further. As the source of a JUnit test:
   *
   * <pre>{@code
   * @ParameterizedTest
   * @MethodSource("io.sluice.testkit.Request#ofEveryProtocol")
   * }</pre>
   */
  public static List<Request> ofEveryProtocol() {
    List<Request> all = new ArrayList<>();
    for (Protocol protocol : Protocol.values()) {
      all.add(by(protocol, Codec.THRIFT).text("hello"));
      if (carriesProtobuf(protocol)) {
        all.add(by(protocol, Codec.PROTOBUF).text("hello"));
      }
    }
    return all;
  }

  /**
   * Whom it calls; {@code Test/call} unless this is said.
   *
   * @param service with its Protobuf package, if it has one
   */
  public Request to(String service, String method) {
    int dot = service.lastIndexOf('.');
    this.packageName = dot < 0 ? "" : service.substring(0, dot);
    this.service = service.substring(dot + 1);
    this.method = method;
    return this;
  }

  /** The name that the calling service gives itself. */
  public Request from(String caller) {
    return from(caller, "");
  }

  /** The name that the calling service gives itself, and the method of it that makes the call. */
  public Request from(String caller, String method) {
    this.caller = caller;
    this.callerMethod = method;
    return this;
  }

  /**
   * The address that the caller has, for a call in memory; through a real port it has its own.
   *
   * @param ip as numbers
   */
  public Request at(String ip) {
    this.peer = new InetSocketAddress(ip, 49_152);
    return this;
  }

  /** Adds a key of the caller's metadata. */
  public Request metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds a key of Kitex's persistent metadata. */
  public Request persistent(String key, String value) {
    persistent.put(key, value);
    return this;
  }

  /** Adds a key of Kitex's transient metadata. */
  public Request transients(String key, String value) {
    transients.put(key, value);
    return this;
  }

  /** How long the caller waits; told to the gateway where the protocol has a place for it. */
  public Request timeout(Duration timeout) {
    this.timeout = timeout;
    return this;
  }

  /**
   * Adds a message that is one text: the struct {@code {1: text}} of Thrift, or the Protobuf
   * message whose field 1 it is.
   */
  public Request text(String text) {
    return message(Texts.encode(codec, text));
  }

  /**
   * Adds a message.
   *
   * @param bytes a Thrift struct or a Protobuf message, without any framing
   */
  public Request message(byte[] bytes) {
    messages.add(bytes.clone());
    return this;
  }

  /**
   * The call as a filter sees it when it begins, for tests that call hooks themselves. Whatever
   * thread uses it, it is to be one at a time.
   *
   * @throws IllegalArgumentException if a key or value of metadata cannot be
   */
  public Call toCall() {
    return call();
  }

  Protocol protocol() {
    return protocol;
  }

  Codec codec() {
    return codec;
  }

  List<byte[]> messages() {
    return messages;
  }

  RpcCall call() {
    boolean bare = !protocol.carriesMetadata();
    boolean grpc = protocol == Protocol.GRPC;
    RpcCall call =
        new RpcCall(
            protocol,
            codec,
            LISTENER,
            new Peer(peer),
            grpc ? packageName : "",
            bare ? "" : service,
            method,
            grpc ? grpcHeaders() : ttheader());
    if (bare) {
      return call;
    }
    call.caller(caller, callerMethod);
    call.destination(service);
    metadata.forEach(adding(call.metadata()));
    persistent.forEach(adding(call.persistent()));
    transients.forEach(adding(call.transients()));
    if (timeout != null) {
      call.timeout(timeout.toNanos(), true);
    }
    return call;
  }

  private static BiConsumer<String, String> adding(Metadata to) {
    return to::add;
  }

  private Headers grpcHeaders() {
    Headers headers = new Headers(Headers.Dialect.HTTP2);
    headers.add(GrpcHeaders.CONTENT_TYPE.toString(), contentType(codec));
    if (!caller.isEmpty()) {
      headers.add(GrpcHeaders.SOURCE_SERVICE.toString(), caller);
      headers.add(GrpcHeaders.SOURCE_METHOD.toString(), callerMethod);
    }
    return headers;
  }

  static String contentType(Codec codec) {
    return codec == Codec.THRIFT ? "application/grpc+thrift" : "application/grpc";
  }

  private Headers ttheader() {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    if (protocol.carriesMetadata()) {
      headers.add(TTHeaderKeys.TO_SERVICE, service);
      if (!caller.isEmpty()) {
        headers.add(TTHeaderKeys.FROM_SERVICE, caller);
        headers.add(TTHeaderKeys.FROM_METHOD, callerMethod);
      }
    }
    return headers;
  }

  /** Such as {@code ttheader-framed thrift Test/call}. */
  @Override
  public String toString() {
    String qualified = packageName.isEmpty() ? service : packageName + '.' + service;
    return protocol.label() + ' ' + codec.label() + ' ' + qualified + '/' + method;
  }
}
