package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.sluice.gateway.call.CallHandler;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.loop.Limit;
import io.sluice.gateway.loop.Loop;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.net.NetSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One loop's share of one listener. Vert.x accepts and spreads the connections; their bytes go to
 * the handlers here, in front of Vert.x's own.
 */
public final class ListenerVerticle extends VerticleBase {
  /** So much longer than the grace may connections take to close. */
  private static final int VERTX_MILLIS = 1000;

  private final ListenerShared shared;
  private final Function<Loop, CallHandler> handlers;

  /** What new connections go by. */
  private ListenerContext listener;

  /** What connections go by that were there before the configuration changed. */
  private final List<ListenerContext> earlier = new ArrayList<>();

  private Loop loop;
  private CallHandler calls;

  /** Those that connected before calls could begin. */
  private final List<NetSocket> early = new ArrayList<>();

  private boolean open;
  private NetServer server;
  private Future<Void> closed;
  private long cutOff;

  /**
   * @param handlers gives the handler of calls of a loop, on that loop
   */
  public ListenerVerticle(ListenerShared shared, Function<Loop, CallHandler> handlers) {
    this.shared = shared;
    this.handlers = handlers;
  }

  @Override
  public Future<?> start() {
    EventLoop eventLoop = ((ContextInternal) context).nettyEventLoop();
    loop = Loop.of(eventLoop);
    calls = handlers.apply(loop);
    ListenerConfig config = shared.config();
    listener = new ListenerContext(shared.name(), loop, config, calls);
    int port = config.address().port();
    server =
        vertx.createNetServer(
            new NetServerOptions()
                .setHost(config.address().host())
                // To Vert.x each negative port is one free port, shared by all that name it.
                .setPort(port == 0 ? -shared.number() : port)
                .setAcceptBacklog(4096)
                .setTcpNoDelay(true)
                .setTcpKeepAlive(true));
    return server.connectHandler(this::accept).listen();
  }

  /** The port that is listened on. */
  public int port() {
    return server.actualPort();
  }

  private void accept(NetSocket socket) {
    Channel channel = ((NetSocketInternal) socket).channelHandlerContext().channel();
    if (open) {
      take(socket);
    } else {
      channel.config().setAutoRead(false);
      early.add(socket);
    }
  }

  /** Takes those that have connected already, and all that will: calls may begin. */
  public Future<Void> open() {
    return onLoop(
        promise -> {
          open = true;
          for (NetSocket socket : early) {
            Channel channel = ((NetSocketInternal) socket).channelHandlerContext().channel();
            if (channel.isActive()) {
              take(socket);
              channel.config().setAutoRead(true);
            }
          }
          early.clear();
          promise.complete();
        });
  }

  private void take(NetSocket socket) {
    ChannelHandlerContext vertxHandler = ((NetSocketInternal) socket).channelHandlerContext();
    int connections = shared.connections().incrementAndGet();
    ListenerContext of = listener;
    of.accepted(1);
    socket.closeHandler(
        gone -> {
          shared.connections().decrementAndGet();
          of.accepted(-1);
        });
    if (isTaken(vertxHandler.channel(), connections)) {
      vertxHandler.pipeline().addBefore(vertxHandler.name(), "detect", new DetectHandler(of));
    } else {
      socket.close();
    }
  }

  private boolean isTaken(Channel channel, int connections) {
    int most = listener.limits().maxConnections();
    if (connections > most) {
      PeerLog.refused(
          listener, channel, Limit.MAX_CONNECTIONS, "the listener has its " + most + " already");
      return false;
    }
    PeerRates rates = shared.rates();
    if (rates == null || !(channel.remoteAddress() instanceof InetSocketAddress peer)) {
      return true;
    }
    PeerRates.Verdict verdict = rates.opened(peer.getAddress(), System.nanoTime());
    if (verdict == PeerRates.Verdict.TAKE) {
      return true;
    }
    if (verdict == PeerRates.Verdict.REFUSE_AND_LOG) {
      int rate = listener.limits().connectionRate();
      PeerLog.refused(
          listener,
          channel,
          Limit.CONNECTION_RATE,
          "its peer opens more than " + rate + " a second");
    } else {
      listener.loop().limits().met(Limit.CONNECTION_RATE);
    }
    return false;
  }

  /**
   * Has new connections go by the configuration that {@link ListenerShared} has now; those that are
   * open keep theirs.
   */
  public Future<Void> reconfigure() {
    return onLoop(
        promise -> {
          earlier.removeIf(ListenerContext::isUnused);
          earlier.add(listener);
          listener = new ListenerContext(shared.name(), loop, shared.config(), calls);
          promise.complete();
        });
  }

  private List<ListenerContext> all() {
    List<ListenerContext> all = new ArrayList<>(earlier);
    all.add(listener);
    return all;
  }

  /**
   * Accepts no more; open connections go on.
   *
   * @param grace after so long {@link #drain} cuts off what is left
   * @return completes when this loop has done its part; the listening socket closes with the last
   */
  public Future<Void> stopAccepting(Duration grace) {
    return onLoop(
        promise -> {
          // Vert.x would not tell what it cuts off, and would wait for callers that do not take
          // their answers, so it is not to be the first.
          long millis = Math.max(1, grace.toMillis());
          closed = server.shutdown(millis + VERTX_MILLIS, TimeUnit.MILLISECONDS);
          cutOff = vertx.setTimer(millis, over -> all().forEach(ListenerContext::cutOff));
          promise.complete();
        });
  }

  /**
   * After {@link #stopAccepting}: tells callers to go, and ends when all calls have ended or the
   * grace is over; nothing of a call happens on this loop afterwards.
   *
   * @return how many calls were cut off at the end of the grace
   */
  public Future<Integer> drain() {
    return onLoop(
        promise -> {
          all().forEach(ListenerContext::drain);
          // Connections are closed before their calls have been told.
          closed.onComplete(
              (none, failure) ->
                  context.runOnContext(
                      on -> {
                        vertx.cancelTimer(cutOff);
                        whenEmpty(
                            () -> promise.complete(failure == null ? lostCalls() : null, failure));
                      }));
        });
  }

  /** While {@link #drain} goes on: what is left is cut off after this time, if not sooner. */
  public void cutOffAfter(Duration grace) {
    context.runOnContext(
        go ->
            vertx.setTimer(
                Math.max(1, grace.toMillis()), over -> all().forEach(ListenerContext::cutOff)));
  }

  private void whenEmpty(Runnable then) {
    List<ListenerContext> all = all();
    AtomicInteger open = new AtomicInteger(all.size());
    for (ListenerContext of : all) {
      of.whenEmpty(
          () -> {
            if (open.decrementAndGet() == 0) {
              then.run();
            }
          });
    }
  }

  private int lostCalls() {
    return all().stream().mapToInt(ListenerContext::lostCalls).sum();
  }

  private <T> Future<T> onLoop(Consumer<Promise<T>> run) {
    return Future.future(promise -> context.runOnContext(go -> run.accept(promise)));
  }
}
