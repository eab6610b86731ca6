package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.sluice.interop.harness.GatewayProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Callers of all kinds on one loop, and what they hear. */
final class Crowd implements StreamCaller.Listener, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int MAX_FAULTS = 10;

  /** What a caller speaks, and what the gateway makes of it. */
  enum Kind {
    GRPC("rpc"),
    TTSTREAM("rpc"),
    GRPC_TO_TTSTREAM("translated"),
    TTSTREAM_TO_GRPC("translated");

    private final String listener;

    Kind(String listener) {
      this.listener = listener;
    }

    private boolean isGrpc() {
      return this == GRPC || this == GRPC_TO_TTSTREAM;
    }

    /** What its streams are told that have lost the server. */
    private Loss loss() {
      return isGrpc() ? Loss.TRAILERS : Loss.EXCEPTION;
    }
  }

  /**
   * A gateway's configuration for all of them.
   *
   * @param port of a Kitex server
   */
  static String config(int port) {
    return """
        listeners:
          rpc: {address: "127.0.0.1:0", limits: {firstBytesTimeout: 1m}}
          translated: {address: "127.0.0.1:0", limits: {firstBytesTimeout: 1m}}
          admin: {address: "127.0.0.1:0", serves: admin}
        clusters:
          same:
            {endpoints: ["127.0.0.1:%1$d"], transport: ttheader-framed, idleTimeout: 1s}
          ttstream:
            endpoints: ["127.0.0.1:%1$d"]
            transport: {unary: ttheader-framed, streaming: ttstream}
            idleTimeout: 1s
          grpc:
            endpoints: ["127.0.0.1:%1$d"]
            transport: {unary: ttheader-framed, streaming: grpc}
            idleTimeout: 1s
        routes:
          - {match: {listener: translated, protocol: grpc}, cluster: ttstream, mode: stream}
          - {match: {listener: translated, protocol: ttstream}, cluster: grpc, mode: stream}
          - cluster: same
        """
        .formatted(port);
  }

  private final GatewayProcess gateway;
  private final Trouble trouble;
  private final EventLoopGroup loops =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final EventLoop loop = loops.next();
  private final List<StreamCaller> callers = new ArrayList<>();
  private final AtomicInteger heard = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final Queue<String> faults = new ConcurrentLinkedQueue<>();
  private Consumer<Talk> onEnd = talk -> {};
  private int connected;

  Crowd(GatewayProcess gateway, Trouble trouble) {
    this.gateway = gateway;
    this.trouble = trouble;
  }

  /** What is to be done, on the loop, when a stream has been ended by the other side. */
  void onEnd(Consumer<Talk> ends) {
    onEnd = ends;
  }

  EventLoop loop() {
    return loop;
  }

  /** On the loop. */
  List<StreamCaller> callers() {
    return callers;
  }

  /** Connects one, which is among the others from then on. */
  void connect(Kind kind) {
    String name = kind + "-" + ++connected;
    StreamCaller caller =
        kind.isGrpc() ? new GrpcCaller(kind, name, this) : new TtstreamCaller(kind, name, this);
    new Bootstrap()
        .group(loop)
        .channel(NioSocketChannel.class)
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel.pipeline().addLast(caller.handlers());
              }
            })
        .connect("127.0.0.1", gateway.port(kind.listener))
        .addListener(
            done -> {
              if (done.isSuccess()) {
                callers.add(caller);
              } else {
                fault(name + ": " + done.cause());
              }
            });
  }

  /** Waits until there are so many. */
  void awaitCallers(int count) {
    await("callers").atMost(PATIENCE).until(() -> get(callers::size) == count);
  }

  private <T> T get(java.util.concurrent.Callable<T> what) {
    return loop.submit(what).syncUninterruptibly().getNow();
  }

  @Override
  public void heard(Talk talk, ByteBuf message) {
    String wrong = talk.hear(message);
    if (!wrong.isEmpty()) {
      fault(wrong);
    }
    heard.incrementAndGet();
  }

  @Override
  public void ended(Talk talk, boolean ok, String why) {
    String wrong = talk.judge(ok, why);
    long now = System.currentTimeMillis();
    boolean pardoned =
        !ok && trouble.touches(now, now) && talk.caller().kind().loss().isSaidBy(why);
    if (!wrong.isEmpty() && !pardoned) {
      fault(wrong);
    }
    ended.incrementAndGet();
    onEnd.accept(talk);
  }

  @Override
  public void fault(String text) {
    if (faults.size() < MAX_FAULTS) {
      faults.add(text);
    }
  }

  /** So many messages have come, all right. */
  void awaitHeard(int count) {
    awaitCount("messages", heard, count);
  }

  /** So many streams have been ended, each as it should. */
  void awaitEnded(int count) {
    awaitCount("ends", ended, count);
  }

  private void awaitCount(String what, AtomicInteger counter, int count) {
    await(what).atMost(PATIENCE).until(() -> counter.get() >= count || !faults.isEmpty());
    assertFaultless();
    assertThat(counter).as(what).hasValue(count);
  }

  void assertFaultless() {
    assertThat(faults).isEmpty();
  }

  boolean hasFaults() {
    return !faults.isEmpty();
  }

  /** Cuts all connections. */
  @Override
  public void close() {
    loop.submit(() -> callers.forEach(StreamCaller::cut)).syncUninterruptibly();
    loops.shutdownGracefully().syncUninterruptibly();
  }
}
