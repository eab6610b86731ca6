package io.sluice.gateway.translate;

import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.loop.Loop;
import io.sluice.gateway.wire.WireException;
import org.jspecify.annotations.Nullable;

/** Begins calls that go out in another protocol than they came by. */
public final class Translations {

  /** Opens the outbound leg. */
  @FunctionalInterface
  public interface Opener {
    /**
     * The answer may come before this returns.
     *
     * @param response hears the downstream
     * @return takes the request
     */
    RequestSink open(ResponseSink response);
  }

  private Translations() {}

  /**
   * Begins the call. One of the two protocols is gRPC.
   *
   * @param to the protocol that it goes out by
   * @param service name of the service where the call has none, or null
   * @param packageName goes before a service's name in gRPC paths, or null
   * @param opener asked once, as soon as all is known that the leg needs
   * @return takes the request
   */
  public static RequestSink open(
      RpcCall call,
      Protocol to,
      @Nullable String service,
      @Nullable String packageName,
      Loop loop,
      ResponseSink response,
      Opener opener) {
    Translation translation =
        call.protocol() == Protocol.GRPC
            ? new FromGrpc(call, to.isPingPong(), loop, response, opener)
            : new ToGrpc(call, loop, response, opener);
    try {
      if (to == Protocol.GRPC) {
        RequestMetadata.toGrpc(call, service, packageName);
      } else {
        RequestMetadata.fromGrpc(call);
      }
    } catch (WireException e) {
      translation.fail(Status.untranslatable(e.getMessage()));
      return translation;
    }
    translation.begin();
    return translation;
  }
}
