package io.sluice.gateway.exchange;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Metadata;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.RpcCall;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call as a filter sees it that may not change what caller and downstream see: its metadata is a
 * copy. What only filters see, identity and attributes, is the call's own, since other filters may
 * go by it.
 */
final class ShadowCall implements Call {
  private final RpcCall call;
  private @Nullable Headers headers;
  private @Nullable Headers responseHeaders;

  ShadowCall(RpcCall call) {
    this.call = call;
  }

  private Headers headers() {
    if (headers == null) {
      headers = call.headers().copy();
    }
    return headers;
  }

  @Override
  public Metadata metadata() {
    return headers().plain();
  }

  @Override
  public Metadata persistent() {
    return headers().persistent();
  }

  @Override
  public Metadata transients() {
    return headers().transients();
  }

  @Override
  public Metadata responseMetadata() {
    if (responseHeaders == null) {
      responseHeaders = call.responseHeaders().copy();
    }
    return responseHeaders.plain();
  }

  // As it is.

  @Override
  public Protocol protocol() {
    return call.protocol();
  }

  @Override
  public Codec codec() {
    return call.codec();
  }

  @Override
  public String service() {
    return call.service();
  }

  @Override
  public String packageName() {
    return call.packageName();
  }

  @Override
  public String method() {
    return call.method();
  }

  @Override
  public String caller() {
    return call.caller();
  }

  @Override
  public String callerMethod() {
    return call.callerMethod();
  }

  @Override
  public String destination() {
    return call.destination();
  }

  @Override
  public String identity() {
    return call.identity();
  }

  @Override
  public void identity(String name) {
    call.identity(name);
  }

  @Override
  public SocketAddress peer() {
    return call.peer();
  }

  @Override
  public String listener() {
    return call.listener();
  }

  @Override
  public String route() {
    return call.route();
  }

  @Override
  public String cluster() {
    return call.cluster();
  }

  @Override
  public @Nullable Protocol outboundProtocol() {
    return call.outboundProtocol();
  }

  @Override
  public String endpoint() {
    return call.endpoint();
  }

  @Override
  public int attempts() {
    return call.attempts();
  }

  @Override
  public long requestBytes() {
    return call.requestBytes();
  }

  @Override
  public long responseBytes() {
    return call.responseBytes();
  }

  @Override
  public long requestMessages() {
    return call.requestMessages();
  }

  @Override
  public long responseMessages() {
    return call.responseMessages();
  }

  @Override
  public Instant start() {
    return call.start();
  }

  @Override
  public long nanosTo(Phase phase) {
    return call.nanosTo(phase);
  }

  @Override
  public Optional<Duration> timeLeft() {
    return call.timeLeft();
  }

  @Override
  public <T> @Nullable T get(Key<T> key) {
    return call.get(key);
  }

  @Override
  public <T> void put(Key<T> key, @Nullable T value) {
    call.put(key, value);
  }

  @Override
  public String toString() {
    return call.toString();
  }
}
