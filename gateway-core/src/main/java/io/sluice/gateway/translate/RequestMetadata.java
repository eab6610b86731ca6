package io.sluice.gateway.translate;

import io.sluice.api.Codec;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import org.jspecify.annotations.Nullable;

/**
 * Who calls whom, and with what metadata, told in the words of the other protocol. The deadline is
 * written by the outbound legs, which know what is left of it.
 */
final class RequestMetadata {
  private RequestMetadata() {}

  /**
   * For an outbound leg by ping-pong or ttstream.
   *
   * @throws WireException if it does not fit
   */
  static void fromGrpc(RpcCall call) {
    Headers from = call.headers();
    Headers to = Dialects.toTtheader(from);
    add(to, TTHeaderKeys.FROM_SERVICE, call.caller());
    add(to, TTHeaderKeys.FROM_METHOD, call.callerMethod());
    int destination = from.find("destination-service");
    add(to, TTHeaderKeys.TO_SERVICE, destination < 0 ? "" : from.value(destination));
    to.add(TTHeaderKeys.TO_METHOD, call.method());
    call.translated(to, call.qualifiedService());
  }

  private static void add(Headers to, int key, String value) {
    if (!value.isEmpty()) {
      to.add(key, value);
    }
  }

  /**
   * For an outbound leg by gRPC.
   *
   * @throws WireException if gRPC cannot carry the call: it is oneway (a Kitex server would fail on
   *     it), or names no service, or one that cannot stand in a path
   */
  static void toGrpc(RpcCall call, @Nullable String service, @Nullable String packageName) {
    if (call.isOneway()) {
      throw new WireException("gRPC has no oneway calls");
    }
    String name = call.service().isEmpty() && service != null ? service : call.service();
    if (name.isEmpty()) {
      throw new WireException(
          "gRPC needs the name of a service, and this call has none: its cluster can have one");
    }
    requirePathPart(name);
    requirePathPart(call.method());
    Headers to = Dialects.toHttp2(call.headers());
    to.add(
        "content-type",
        call.codec() == Codec.THRIFT ? "application/grpc+thrift" : "application/grpc");
    add(to, "source-service", call.caller());
    add(to, "source-method", call.callerMethod());
    String destination = service != null ? service : call.destination();
    add(to, "destination-service", destination.isEmpty() ? name : destination);
    add(to, "destination-method", call.method());
    boolean packaged = packageName != null && name.indexOf('.') < 0;
    call.translated(to, packaged ? packageName + '.' + name : name);
  }

  private static void add(Headers to, String key, String value) {
    if (!value.isEmpty() && Dialects.isFieldValue(value)) {
      to.add(key, value);
    }
  }

  /** What comes of a caller must not change the path or the frame around it. */
  private static void requirePathPart(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '/' || c == '?' || c == '#') {
        throw new WireException("a name that cannot stand in a gRPC path");
      }
    }
  }
}
