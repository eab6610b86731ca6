package io.sluice.gateway.client;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.loop.Closing;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Opens a cluster's connections on the loop of the client that it belongs to. */
final class Connector {
  /** How long what has been written may take to leave when the gateway stops. */
  private static final long STOP_MILLIS = 1000;

  /** Hears how an attempt went, on the loop. */
  interface Result {
    /** Connected; the handler given is in the pipeline. */
    void connected();

    /**
     * Not connected.
     *
     * @param why in words for the caller
     */
    void failed(String why);
  }

  private final Context context;
  private final NetClient client;

  /** Those that are open. */
  private final Set<Channel> channels = new HashSet<>();

  Connector(Vertx vertx, Context context, ClusterConfig config) {
    this.context = context;
    this.client =
        vertx.createNetClient(
            new NetClientOptions()
                .setConnectTimeout((int) config.connectTimeout().toMillis())
                .setTcpKeepAlive(true)
                .setTcpNoDelay(true));
  }

  /** Connects and puts the handlers in front of Vert.x's own, which then sees no bytes. */
  void connect(Address address, Result result, ChannelHandler... handlers) {
    // The loop is right already, but Vert.x goes by the context, which a Netty callback has not.
    context.runOnContext(
        go ->
            client
                .connect(address.port(), address.host())
                .onSuccess(
                    socket -> {
                      ChannelHandlerContext vertxHandler =
                          ((NetSocketInternal) socket).channelHandlerContext();
                      Channel channel = vertxHandler.channel();
                      if (!channel.isActive()) {
                        result.failed("get connection error: closed at once: " + address);
                        return;
                      }
                      channels.add(channel);
                      channel.closeFuture().addListener(closed -> channels.remove(channel));
                      for (ChannelHandler handler : handlers) {
                        vertxHandler.pipeline().addBefore(vertxHandler.name(), null, handler);
                      }
                      result.connected();
                    })
                .onFailure(
                    cause -> result.failed("get connection error: " + reason(address, cause))));
  }

  private static String reason(Address address, Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    return message.contains(address.host()) ? message : message + ": " + address;
  }

  /** Closes all connections; a downstream that does not read is not waited for. */
  void close() {
    if (!channels.isEmpty()) {
      EventLoop loop = ((ContextInternal) context).nettyEventLoop();
      loop.schedule(this::cut, STOP_MILLIS, TimeUnit.MILLISECONDS);
    }
    client.close();
  }

  private void cut() {
    new ArrayList<>(channels).forEach(Closing::now);
  }
}
