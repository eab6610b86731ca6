package io.sluice.testkit;

import io.netty.channel.EventLoop;
import io.sluice.api.Codec;
import io.sluice.api.Metadata;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.server.ListenerShared;
import io.sluice.gateway.server.ListenerVerticle;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.net.NetServerOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A service behind the gateway that speaks every protocol on one port and treats all calls alike.
 * It notes what reaches it. Safe for all threads.
 */
public final class FakeService implements AutoCloseable {
  /** The type of exception with which {@link #failing} ends calls by Thrift and Kitex Protobuf. */
  public static final int FAILED_EXCEPTION = 6;

  /** The status with which {@link #failing} ends calls by gRPC. */
  public static final int FAILED_GRPC = 2;

  private static final BiConsumer<ServiceSide, byte[]> HEARS_ONLY = (call, message) -> {};
  private static final Status RESET = Status.unavailable("the connection was reset");

  private final ServiceSide.Manner manner;
  private final boolean resets;
  private final List<Got> got = new CopyOnWriteArrayList<>();
  private @Nullable Vertx vertx;
  private int port;

  private FakeService(ServiceSide.Manner manner, boolean resets) {
    this.manner = manner;
    this.resets = resets;
  }

  private static FakeService of(
      BiConsumer<ServiceSide, byte[]> message, Consumer<ServiceSide> end) {
    return new FakeService(new ServiceSide.Manner(message, end), false);
  }

  /** Answers every message with the same. */
  public static FakeService echoing() {
    return of(ServiceSide::say, call -> call.end(Status.OK));
  }

  /** Answers as {@link #echoing()}, but so long after its caller has said all. */
  public static FakeService slow(Duration delay) {
    return of(ServiceSide::keep, call -> call.later(delay, () -> call.sayKept().end(Status.OK)));
  }

  /**
   * Ends every call when its caller has said all: with an exception of type {@link
   * #FAILED_EXCEPTION}, by gRPC with the status {@link #FAILED_GRPC}.
   *
   * @param text what the caller is told
   */
  public static FakeService failing(String text) {
    return of(
        HEARS_ONLY,
        call ->
            call.end(
                call.call().protocol() == Protocol.GRPC
                    ? Status.grpc(FAILED_GRPC, text)
                    : Status.exception(FAILED_EXCEPTION, text)));
  }

  /** Takes calls and never says a word. */
  public static FakeService silent() {
    return of(HEARS_ONLY, call -> {});
  }

  /** Resets every connection as soon as a byte has come by it; in memory, loses every call so. */
  public static FakeService resetting() {
    return new FakeService(
        new ServiceSide.Manner((call, message) -> call.end(RESET), call -> call.end(RESET)), true);
  }

  /**
   * A call as it has reached the service.
   *
   * @param service with its Protobuf package, if it came with one
   * @param caller the name that the calling service gives itself
   * @param metadata of a repeated key the last value
   * @param persistent Kitex's persistent metadata
   * @param transients Kitex's transient metadata
   * @param messages those that have come so far; more may come
   */
  public record Got(
      Protocol protocol,
      Codec codec,
      String service,
      String method,
      String caller,
      Map<String, String> metadata,
      Map<String, String> persistent,
      Map<String, String> transients,
      List<byte[]> messages) {

    static Got of(RpcCall call, List<byte[]> messages) {
      return new Got(
          call.protocol(),
          call.codec(),
          call.qualifiedService(),
          call.method(),
          call.caller(),
          map(call.metadata()),
          map(call.persistent()),
          map(call.transients()),
          Collections.unmodifiableList(messages));
    }

    private static Map<String, String> map(Metadata metadata) {
      Map<String, String> map = new LinkedHashMap<>();
      metadata.forEach(map::put);
      return Collections.unmodifiableMap(map);
    }

    /**
     * The texts of its messages: see {@link Request#text}.
     *
     * @throws AssertionError if one is something else
     */
    public List<String> texts() {
      return messages.stream().map(message -> Texts.decode(codec, message)).toList();
    }
  }

  /** The calls that have reached it, in their order; none of {@link #resetting()}. */
  public List<Got> got() {
    return List.copyOf(got);
  }

  /** The port of 127.0.0.1 on which it listens; it begins to when this is first asked. */
  public synchronized int port() {
    if (vertx == null) {
      vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
      port = resets ? reset(vertx) : serve(vertx);
    }
    return port;
  }

  private int serve(Vertx on) {
    ListenerShared shared = new ListenerShared("service", Configs.listener(), 1);
    ListenerVerticle listener = new ListenerVerticle(shared, loop -> handler(loop.eventLoop()));
    Waiting.await(on.deployVerticle(listener).compose(deployed -> listener.open()));
    return listener.port();
  }

  private static int reset(Vertx on) {
    return Waiting.await(
            on.createNetServer(new NetServerOptions().setSoLinger(0))
                .connectHandler(socket -> socket.handler(bytes -> socket.close()))
                .listen(0, "127.0.0.1"))
        .actualPort();
  }

  /** What its calls begin with that come by this loop. */
  CallHandler handler(EventLoop loop) {
    return (call, response) -> {
      List<byte[]> messages = new CopyOnWriteArrayList<>();
      got.add(Got.of(call, messages));
      return new ServiceSide(loop, call, response, manner, messages);
    };
  }

  /** Listens no more, and closes what is open. */
  @Override
  public synchronized void close() {
    if (vertx != null) {
      Waiting.await(vertx.close());
      vertx = null;
    }
  }
}
