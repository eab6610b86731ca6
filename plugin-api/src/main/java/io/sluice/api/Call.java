package io.sluice.api;

import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One call, from its first byte to its end. Used on the call's event loop only; not to be kept
 * after {@link Filter#onComplete}. What would change it, its metadata too, throws {@link
 * IllegalStateException} on another thread, and when it is over.
 */
public interface Call {

  /** The protocol that the caller speaks. */
  Protocol protocol();

  /** How its messages are encoded. */
  Codec codec();

  /** The service's name, without its package; empty where the wire carries none. */
  String service();

  /** The Protobuf package of the service; empty where the wire carries none. */
  String packageName();

  /** The method's name; never empty. */
  String method();

  /** The name that the calling service gives itself; empty if it gives none. */
  String caller();

  /** The method of the calling service in which the call was made; empty if it says none. */
  String callerMethod();

  /**
   * The name by which the caller knows the service that it calls, as it is on the wire: {@code
   * :authority} of gRPC, of Kitex's callers the service's name in their registry, of others often a
   * host with its port; the destination service of TTHeader and ttstream (int key 6). Empty if it
   * gives none.
   */
  String destination();

  /**
   * Who the caller has proved to be, as the last filter that has checked it says; empty if none
   * has.
   */
  String identity();

  /**
   * Says who the caller has proved to be, for the filters behind this one, the access log and the
   * metrics of limits. Only a filter that has checked it says so.
   *
   * @param name such as a user's or a service's; not empty, and at most 256 characters
   * @throws IllegalArgumentException if it is no such name
   */
  void identity(String name);

  /** The other end of the caller's connection. */
  SocketAddress peer();

  /** The listener that took the call, by its name in the configuration. */
  String listener();

  /** The route taken, by its name; empty until routing, and if there is none. */
  String route();

  /** The cluster that the call goes to; empty until routing, and if there is none. */
  String cluster();

  /**
   * The protocol that the call goes out by, another than {@link #protocol()} if it is translated;
   * null until the filters have let it pass, and if it cannot go.
   */
  @Nullable Protocol outboundProtocol();

  /** The endpoint that has the call, as {@code host:port}; empty until it has a connection. */
  String endpoint();

  /** How many endpoints were asked for a connection so far. */
  int attempts();

  /**
   * Bytes of the request's messages so far, as the caller sent them, without framing; of gRPC with
   * the five bytes in front of each message.
   */
  long requestBytes();

  /**
   * Bytes of the response's messages, in the caller's protocol; else as {@link #requestBytes()}.
   */
  long responseBytes();

  /**
   * Messages of the request that have begun so far, as the caller sent them. Counted for streams,
   * which all calls by gRPC and ttstream are; 0 for others, and until the stream has its route.
   */
  long requestMessages();

  /** Messages of the response, as the downstream sent them; else as {@link #requestMessages()}. */
  long responseMessages();

  /** When the call's head had been read. */
  Instant start();

  /**
   * The time from {@link #start()} until the call came so far, in nanoseconds; -1 if it has not.
   */
  long nanosTo(Phase phase);

  /** What is left until the call's deadline, never negative; empty if it has none. */
  Optional<Duration> timeLeft();

  /**
   * The caller's metadata: user headers of gRPC, plain string keys of TTHeader and ttstream.
   * Changes reach the downstream if made in {@link Filter#onRequest}.
   */
  Metadata metadata();

  /** Kitex's persistent metadata: sent on by every service of the chain. */
  Metadata persistent();

  /** Kitex's transient metadata: meant for the next service only. */
  Metadata transients();

  /**
   * What the caller has sent under this key in metadata of any kind: of the plain, or else of the
   * persistent, or else of the transient. Callers of different protocols send the same thing in
   * different kinds.
   *
   * @param key without the prefix that a kind has on the wire
   * @return the last value, or null
   */
  default @Nullable String sent(String key) {
    String value = metadata().get(key);
    if (value == null) {
      value = persistent().get(key);
    }
    return value == null ? transients().get(key) : value;
  }

  /**
   * Removes what the caller has sent under this key from metadata of every kind, so that it does
   * not go on to the downstream.
   */
  default void removeSent(String key) {
    metadata().remove(key);
    persistent().remove(key);
    transients().remove(key);
  }

  /**
   * What the downstream sends back before its messages: headers of gRPC and ttstream, backward
   * values of a TTHeader reply. Empty until {@link Filter#onResponse}.
   */
  Metadata responseMetadata();

  /**
   * A place for what a filter wants to find again in a later hook of the same call.
   *
   * @return what was put under this key, or null
   */
  <T> @Nullable T get(Key<T> key);

  /** Puts a value to be found by {@link #get}; null removes it. */
  <T> void put(Key<T> key, @Nullable T value);

  /** How far a call has come; it may end at any of these. */
  enum Phase {
    /** The filters have let the request pass, and it has its route. */
    ROUTED,
    /** It has a connection to an endpoint. */
    CONNECTED,
    /** All of the request has been handed to that connection. */
    SENT,
    /** The downstream has begun to answer. */
    ANSWERED,
    /** The first message of a stream's response has begun; other calls do not come to this. */
    FIRST_MESSAGE,
    /** It is over, and the caller, if still there, has been told. */
    ENDED
  }

  /**
   * A key of a call's attributes, compared by identity: keep it in a static field.
   *
   * @param name for logs
   */
  final class Key<T> {
    private final String name;

    public Key(String name) {
      this.name = name;
    }

    @Override
    public String toString() {
      return name;
    }
  }
}
