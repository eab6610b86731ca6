package io.sluice.gateway.config;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.config.RouteConfig.Mode;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * In which protocol a call goes out to a cluster, or why it cannot.
 *
 * <p>Nothing is ever guessed: without an IDL the gateway cannot change what a body is. Thrift has
 * one form for calls with one message each way (a struct of arguments) and one for streams (the
 * bare struct), and gRPC does not say which of the two it carries.
 *
 * @param protocol null if it cannot
 * @param refusal what the caller is told then; else empty
 */
public record Outbound(@Nullable Protocol protocol, String refusal) {
  private static final Outbound[] BY_PROTOCOL =
      Arrays.stream(Protocol.values()).map(p -> new Outbound(p, "")).toArray(Outbound[]::new);

  private static final Outbound NO_UNARY =
      new Outbound(null, "the cluster takes streams only: its transport has no 'unary'");
  private static final Outbound NO_STREAMS =
      new Outbound(null, "the cluster takes no streams: its transport has 'streaming: none'");
  private static final Outbound NO_BUFFERED_PROTOBUF =
      new Outbound(null, "Kitex Protobuf has no Buffered form: it needs a frame length");
  private static final Outbound NO_PROTOBUF_STREAMS =
      new Outbound(null, "the cluster takes streams by ttstream, which has no Protobuf");
  private static final Outbound NO_SERVICE =
      new Outbound(
          null,
          "gRPC needs the name of a service, and neither this protocol carries one nor has the"
              + " cluster a 'service'");
  private static final Outbound UNCLEAR =
      new Outbound(
          null,
          "gRPC does not say whether this call is unary, and the cluster takes either by another"
              + " protocol: its route has to say 'mode: unary' or 'mode: stream'");

  /** The way of a call that came by this protocol, with messages in this codec. */
  public static Outbound of(Protocol caller, Codec codec, Mode mode, ClusterConfig cluster) {
    TransportConfig transport = cluster.transport();
    return switch (caller) {
      case GRPC -> ofGrpc(codec, mode, transport);
      case TTSTREAM -> stream(caller, codec, transport);
      case BUFFERED, FRAMED, TTHEADER, TTHEADER_FRAMED -> {
        Outbound way = unary(codec, transport);
        boolean named = caller.carriesMetadata() || cluster.service() != null;
        yield way.protocol == Protocol.GRPC && !named ? NO_SERVICE : way;
      }
    };
  }

  private static Outbound ofGrpc(Codec codec, Mode mode, TransportConfig transport) {
    Outbound stream = stream(Protocol.GRPC, codec, transport);
    if (mode == Mode.STREAM || mode == Mode.AUTO && stream.protocol == Protocol.GRPC) {
      return stream;
    }
    Outbound unary = unary(codec, transport);
    if (mode == Mode.UNARY) {
      // gRPC itself carries either.
      return unary.isRefused() && stream.protocol == Protocol.GRPC ? stream : unary;
    }
    if (unary.isRefused()) {
      return stream;
    }
    return stream.isRefused() ? unary : UNCLEAR;
  }

  private static Outbound unary(Codec codec, TransportConfig transport) {
    if (transport.unary() == null) {
      return NO_UNARY;
    }
    return codec == Codec.PROTOBUF && transport.unary() == TransportConfig.Unary.BUFFERED
        ? NO_BUFFERED_PROTOBUF
        : by(transport.unary().protocol());
  }

  private static Outbound stream(Protocol caller, Codec codec, TransportConfig transport) {
    return switch (transport.streaming()) {
      case SAME -> by(caller);
      case GRPC -> by(Protocol.GRPC);
      case TTSTREAM -> codec == Codec.PROTOBUF ? NO_PROTOBUF_STREAMS : by(Protocol.TTSTREAM);
      case NONE -> NO_STREAMS;
    };
  }

  private static Outbound by(Protocol protocol) {
    return BY_PROTOCOL[protocol.ordinal()];
  }

  /** Whether the call cannot go there. */
  public boolean isRefused() {
    return protocol == null;
  }

  /**
   * Whether a call that came by this protocol has to be translated for it. The framings of
   * ping-pong calls are one protocol in this.
   */
  public boolean translates(Protocol caller) {
    return protocol != null
        && protocol != caller
        && !(caller.isPingPong() && protocol.isPingPong());
  }

  /** Whether it could, if the route said what the call is. */
  public boolean wantsMode() {
    return this == UNCLEAR;
  }
}
