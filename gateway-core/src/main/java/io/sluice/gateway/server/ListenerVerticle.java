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
import java.util.concurrent.TimeUnit;
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
  private ListenerContext listener;
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
    Loop loop = Loop.of(eventLoop);
    ListenerConfig config = shared.config();
    listener = new ListenerContext(shared.name(), loop, config, handlers.apply(loop));
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
    ChannelHandlerContext vertxHandler = ((NetSocketInternal) socket).channelHandlerContext();
    int open = shared.connections().incrementAndGet();
    socket.closeHandler(gone -> shared.connections().decrementAndGet());
    if (isTaken(vertxHandler.channel(), open)) {
      vertxHandler.pipeline().addBefore(vertxHandler.name(), "detect", new DetectHandler(listener));
    } else {
      socket.close();
    }
  }

  private boolean isTaken(Channel channel, int open) {
    int most = listener.limits().maxConnections();
    if (open > most) {
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
          cutOff = vertx.setTimer(millis, over -> listener.cutOff());
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
          listener.drain();
          // Connections are closed before their calls have been told.
          closed.onComplete(
              (none, failure) ->
                  context.runOnContext(
                      on -> {
                        vertx.cancelTimer(cutOff);
                        listener.whenEmpty(
                            () ->
                                promise.complete(
                                    failure == null ? listener.lostCalls() : null, failure));
                      }));
        });
  }

  private <T> Future<T> onLoop(Consumer<Promise<T>> run) {
    return Future.future(promise -> context.runOnContext(go -> run.accept(promise)));
  }
}
