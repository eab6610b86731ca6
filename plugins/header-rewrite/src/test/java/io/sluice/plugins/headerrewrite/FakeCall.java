package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A call of {@code shop.Cart/Add} by {@code web} at 10.1.2.3. */
final class FakeCall implements Call {
  final FakeMetadata metadata = new FakeMetadata();
  final FakeMetadata persistent = new FakeMetadata();
  final FakeMetadata transients = new FakeMetadata();
  final FakeMetadata response = new FakeMetadata();
  SocketAddress peer = new InetSocketAddress("10.1.2.3", 4567);
  String caller = "web";
  private String identity = "jane";
  private final Map<Key<?>, Object> attributes = new HashMap<>();

  @Override
  public Protocol protocol() {
    return Protocol.TTHEADER_FRAMED;
  }

  @Override
  public Codec codec() {
    return Codec.THRIFT;
  }

  @Override
  public String destination() {
    return "";
  }

  @Override
  public String endpoint() {
    return "10.0.0.7:8080";
  }

  @Override
  public int attempts() {
    return 1;
  }

  @Override
  public long requestMessages() {
    return 0;
  }

  @Override
  public long responseMessages() {
    return 0;
  }

  @Override
  public long requestBytes() {
    return 0;
  }

  @Override
  public long responseBytes() {
    return 0;
  }

  @Override
  public Instant start() {
    return Instant.EPOCH;
  }

  @Override
  public long nanosTo(Phase phase) {
    return -1;
  }

  @Override
  public String service() {
    return "Cart";
  }

  @Override
  public String packageName() {
    return "shop";
  }

  @Override
  public String method() {
    return "Add";
  }

  @Override
  public String caller() {
    return caller;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public void identity(String name) {
    identity = name;
  }

  @Override
  public String callerMethod() {
    return "Checkout";
  }

  @Override
  public SocketAddress peer() {
    return peer;
  }

  @Override
  public String listener() {
    return "rpc";
  }

  @Override
  public String route() {
    return "shop.*";
  }

  @Override
  public String cluster() {
    return "cart";
  }

  @Override
  public @Nullable Protocol outboundProtocol() {
    return null;
  }

  @Override
  public Optional<Duration> timeLeft() {
    return Optional.empty();
  }

  @Override
  public FakeMetadata metadata() {
    return metadata;
  }

  @Override
  public FakeMetadata persistent() {
    return persistent;
  }

  @Override
  public FakeMetadata transients() {
    return transients;
  }

  @Override
  public FakeMetadata responseMetadata() {
    return response;
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> @Nullable T get(Key<T> key) {
    return (T) attributes.get(key);
  }

  @Override
  public <T> void put(Key<T> key, @Nullable T value) {
    attributes.put(key, value);
  }
}
