package io.sluice.gateway.server;

import io.netty.channel.Channel;
import io.sluice.gateway.loop.Limit;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one line that says why a caller's connection was closed. */
final class PeerLog {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLog.class);

  private PeerLog() {}

  /** The caller sent what it may not send. */
  static void refused(ListenerContext listener, Channel channel, String why) {
    refused(listener, channel, Limit.PROTOCOL, why);
  }

  /** The caller has met a limit. */
  static void refused(ListenerContext listener, Channel channel, Limit limit, String why) {
    listener.loop().limits().met(limit);
    LOG.atWarn()
        .setMessage("closed a caller's connection: {}")
        .addArgument(why)
        .addKeyValue("listener", listener.name())
        .addKeyValue("peer", channel.remoteAddress())
        .log();
  }

  /** Something was thrown that nobody expects: a reset by the caller, or a fault of our own. */
  static void thrown(ListenerContext listener, Channel channel, Throwable cause) {
    if (cause instanceof OutOfMemoryError) {
      if (channel.isOpen()) { // else it was told before
        refused(listener, channel, Limit.MEMORY, "memory is short: " + cause.getMessage());
      }
      return;
    }
    if (cause instanceof IOException) {
      gone(listener, channel, String.valueOf(cause.getMessage()));
      return;
    }
    LOG.atError()
        .setMessage("closed a caller's connection after a fault of the gateway")
        .addKeyValue("listener", listener.name())
        .addKeyValue("peer", channel.remoteAddress())
        .setCause(cause)
        .log();
  }

  /** The caller has sent what is of no use here, and may go on. */
  static void dropped(ListenerContext listener, Channel channel, String what) {
    LOG.atWarn()
        .setMessage("dropped {}; further ones of this connection are dropped in silence")
        .addArgument(what)
        .addKeyValue("listener", listener.name())
        .addKeyValue("peer", channel.remoteAddress())
        .log();
  }

  /** The caller went away by itself, or was silent for long. */
  static void gone(ListenerContext listener, Channel channel, String why) {
    LOG.atDebug()
        .setMessage("a caller's connection ended: {}")
        .addArgument(why)
        .addKeyValue("listener", listener.name())
        .addKeyValue("peer", channel.remoteAddress())
        .log();
  }
}
