package io.sluice.plugins.ratelimit;

import io.sluice.api.Call;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** What calls that are counted together have in common. */
public enum By {
  /** Nothing: all calls are counted together. */
  ALL,
  /** The name that the calling service gives itself. */
  CALLER,
  /** Who the caller has proved to be. */
  IDENTITY,
  /** A value in their metadata. */
  METADATA,
  /** The service and the method that are called. */
  METHOD,
  /** The service that is called. */
  SERVICE,
  /** The IP address at the other end of the caller's connection. */
  PEER;

  /**
   * What this is of a call; calls that do not have it have the same.
   *
   * @param metadata the key of metadata, if it is that
   */
  Object of(Call call, String metadata) {
    return switch (this) {
      case ALL -> "";
      case CALLER -> call.caller();
      case IDENTITY -> call.identity();
      case METADATA -> {
        String value = call.sent(metadata);
        yield value == null ? "" : value;
      }
      case METHOD -> service(call) + '/' + call.method();
      case SERVICE -> service(call);
      case PEER -> address(call.peer());
    };
  }

  private static String service(Call call) {
    return call.packageName().isEmpty()
        ? call.service()
        : call.packageName() + '.' + call.service();
  }

  private static Object address(SocketAddress peer) {
    InetAddress ip = peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
    return ip == null ? "" : ip;
  }

  /** Those that are counted together, as a refusal tells its caller; begins with a space. */
  String words(String metadata) {
    return switch (this) {
      case ALL -> "";
      case CALLER -> " by this caller";
      case IDENTITY -> " by this identity";
      case METADATA -> " with this " + metadata;
      case METHOD -> " of this method";
      case SERVICE -> " of this service";
      case PEER -> " from this address";
    };
  }
}
