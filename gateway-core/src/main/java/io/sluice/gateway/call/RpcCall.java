package io.sluice.gateway.call;

import io.sluice.api.BizStatus;
import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Metadata;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import java.lang.ref.WeakReference;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call: what its head said, and what became of it so far. Made by an inbound leg; used on its
 * loop only.
 */
public final class RpcCall implements Call {
  private static final int PHASES = Phase.values().length;
  private static final @Nullable Object[] NO_ATTRIBUTES = {};
  private static final int MAX_IDENTITY = 256;

  private final Protocol protocol;
  private final Codec codec;
  private final String listener;
  private final Peer peer;
  private final String service;
  private final String packageName;
  private final String method;
  private final long startNanos = System.nanoTime();

  private final MessageHead request = new MessageHead();
  private final MessageHead response = new MessageHead();
  private Headers headers;
  private @Nullable Headers outboundHeaders;
  private @Nullable String outboundService;
  private Headers responseHeaders;
  private @Nullable BizStatus responseBizStatus;

  private String caller = "";
  private String callerMethod = "";
  private String identity = "";
  private String destination = "";
  private long timeoutNanos;
  private boolean oneway;
  private boolean unary;
  private boolean explicitTimeout;
  private boolean hidesBizStatus;

  private String cancelPath = "";
  private String cancelName = "";
  private @Nullable CallEnd requestTrailer;
  private String route = "";
  private String cluster = "";
  private @Nullable Protocol outboundProtocol;
  private String endpoint = "";
  private int attempts;
  private int maxMessage = Integer.MAX_VALUE;
  private long requestBytes;
  private long responseBytes;
  private long requestMessages;
  private long responseMessages;

  /** By phase: nanoseconds since the start, plus 1; 0 if it has not come so far. */
  private final long[] phases = new long[PHASES];

  /** Keys and values in turn, since there are one or two. */
  private @Nullable Object[] attributes = NO_ATTRIBUTES;

  /** Null so long as nobody else sees the call. */
  private @Nullable CallGuard guard;

  /** Of the call's loop; null without a guard. */
  private @Nullable Thread thread;

  /** To whom the call is shown; weak, since a call may be kept beyond its end. */
  private @Nullable WeakReference<?> users;

  private boolean over;

  /**
   * @param packageName empty where the wire has none
   * @param headers the metadata, handed over
   */
  public RpcCall(
      Protocol protocol,
      Codec codec,
      String listener,
      Peer peer,
      String packageName,
      String service,
      String method,
      Headers headers) {
    this.protocol = protocol;
    this.codec = codec;
    this.request.codec = codec;
    this.response.codec = codec;
    this.listener = listener;
    this.peer = peer;
    this.packageName = packageName;
    this.service = service;
    this.method = method;
    this.headers = headers;
    this.headers.belongTo(this);
    this.responseHeaders = new Headers(headers.dialect());
    this.responseHeaders.belongTo(this);
  }

  /** From now on only this thread changes the call, and this hears of others that try. */
  public void guardedBy(CallGuard guard) {
    this.guard = guard;
    this.thread = Thread.currentThread();
  }

  /** Those to whom it is shown from now on. */
  public void shownTo(WeakReference<?> users) {
    this.users = users;
  }

  /** Nobody may change it any more. */
  public void over() {
    over = true;
  }

  /**
   * Keeps out whoever may not change the call.
   *
   * @throws IllegalStateException on another thread than that of the call's loop, and after its end
   */
  void checkChange() {
    CallGuard told = guard;
    if (told == null || Thread.currentThread() == thread && !over) {
      return;
    }
    boolean strange = Thread.currentThread() != thread;
    IllegalStateException how =
        new IllegalStateException(
            strange
                ? "a call is changed on its event loop only, not on " + Thread.currentThread()
                : "this call is over");
    told.misused(this, users == null ? null : users.get(), how);
    throw how;
  }

  @Override
  public Protocol protocol() {
    return protocol;
  }

  @Override
  public Codec codec() {
    return codec;
  }

  @Override
  public String service() {
    return service;
  }

  @Override
  public String packageName() {
    return packageName;
  }

  @Override
  public String method() {
    return method;
  }

  /** Service with its package, as gRPC paths and routes have it. */
  public String qualifiedService() {
    return packageName.isEmpty() ? service : packageName + '.' + service;
  }

  @Override
  public String caller() {
    return caller;
  }

  @Override
  public String callerMethod() {
    return callerMethod;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public void identity(String name) {
    checkChange();
    if (name.isEmpty() || name.length() > MAX_IDENTITY) {
      throw new IllegalArgumentException(
          "an identity of " + name.length() + " characters: 1 to " + MAX_IDENTITY + " are right");
    }
    identity = name;
  }

  /** Who makes the call, by its own word. */
  public void caller(String service, String method) {
    this.caller = service;
    this.callerMethod = method;
  }

  @Override
  public String destination() {
    return destination;
  }

  public void destination(String name) {
    this.destination = name;
  }

  @Override
  public SocketAddress peer() {
    return peer.address();
  }

  /** The caller's address as {@code ip:port}. */
  public String peerText() {
    return peer.toString();
  }

  @Override
  public String listener() {
    return listener;
  }

  @Override
  public String route() {
    return route;
  }

  @Override
  public String cluster() {
    return cluster;
  }

  /** Notes where the call goes. */
  public void routed(String route, String cluster) {
    this.route = route;
    this.cluster = cluster;
  }

  @Override
  public @Nullable Protocol outboundProtocol() {
    return outboundProtocol;
  }

  /** Notes which protocol the call goes out by. */
  public void outboundProtocol(Protocol protocol) {
    this.outboundProtocol = protocol;
  }

  @Override
  public String endpoint() {
    return endpoint;
  }

  @Override
  public int attempts() {
    return attempts;
  }

  /** Another endpoint is asked for a connection. */
  public void attempt() {
    attempts++;
  }

  /** The call has a connection to this endpoint. */
  public void connected(String endpoint) {
    this.endpoint = endpoint;
    reached(Phase.CONNECTED);
  }

  @Override
  public long requestBytes() {
    return requestBytes;
  }

  @Override
  public long responseBytes() {
    return responseBytes;
  }

  @Override
  public long requestMessages() {
    return requestMessages;
  }

  @Override
  public long responseMessages() {
    return responseMessages;
  }

  /** So many messages more of the request have begun. */
  public void addRequestMessages(int messages) {
    requestMessages += messages;
  }

  /** So many messages more of the response have begun. */
  public void addResponseMessages(int messages) {
    responseMessages += messages;
  }

  /** So many bytes more of the request have come. */
  public void addRequestBytes(int bytes) {
    requestBytes += bytes;
  }

  /** So many bytes more of the response have come. */
  public void addResponseBytes(int bytes) {
    responseBytes += bytes;
  }

  @Override
  public Instant start() {
    return Instant.now().minusNanos(System.nanoTime() - startNanos);
  }

  @Override
  public long nanosTo(Phase phase) {
    return phases[phase.ordinal()] - 1;
  }

  /** The call has come so far, now. */
  public void reached(Phase phase) {
    phases[phase.ordinal()] = System.nanoTime() - startNanos + 1;
  }

  /** When the head had been read, in {@link System#nanoTime()}. */
  public long startNanos() {
    return startNanos;
  }

  /** Time given to the whole call, from {@link #startNanos()}; 0 if it has no end. */
  public long timeoutNanos() {
    return timeoutNanos;
  }

  /**
   * Whether the caller or the route asked for the timeout; what the gateway sets on its own is not
   * told to the downstream.
   */
  public boolean explicitTimeout() {
    return explicitTimeout;
  }

  /**
   * @param nanos more than 0
   * @param explicit see {@link #explicitTimeout()}
   */
  public void timeout(long nanos, boolean explicit) {
    this.timeoutNanos = nanos;
    this.explicitTimeout = explicit;
  }

  @Override
  public Optional<Duration> timeLeft() {
    return timeoutNanos == 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanosLeft()));
  }

  /** What is left of the timeout, not negative; meaningless if there is none. */
  public long nanosLeft() {
    return Math.max(0, timeoutNanos - (System.nanoTime() - startNanos));
  }

  /** Whether the call has a deadline, and it is over. */
  public boolean isOverdue() {
    return timeoutNanos > 0 && nanosLeft() == 0;
  }

  /** The end of a call that has taken as long as it may. */
  public Status overdue() {
    return Status.deadlineExceeded(
        "timeout=%dms, to=%s, method=%s"
            .formatted(TimeUnit.NANOSECONDS.toMillis(timeoutNanos), cluster(), method()));
  }

  /** Whether it is certain that there is one message each way; known with the route. */
  public boolean isUnary() {
    return unary;
  }

  public void unary(boolean unary) {
    this.unary = unary;
  }

  /** Whether nothing is to be answered. */
  public boolean isOneway() {
    return oneway;
  }

  public void oneway(boolean oneway) {
    this.oneway = oneway;
  }

  /**
   * Whether a caller whose protocol has no place for a business status is to get the reply as it
   * came, rather than an exception that tells the status.
   */
  public boolean hidesBizStatus() {
    return hidesBizStatus;
  }

  public void hidesBizStatus(boolean hides) {
    this.hidesBizStatus = hides;
  }

  /** Names of the services that a cancel came by, comma between; empty if it came without. */
  public String cancelPath() {
    return cancelPath;
  }

  public void cancelPath(String path) {
    this.cancelPath = path;
  }

  /** The name that the gateway adds to such a path. */
  public String cancelName() {
    return cancelName;
  }

  public void cancelName(String name) {
    this.cancelName = name;
  }

  /**
   * What the caller said with its half close beyond that, such as that it failed; null for a plain
   * one. Only ttstream can say so.
   */
  public @Nullable CallEnd requestTrailer() {
    return requestTrailer;
  }

  public void requestTrailer(CallEnd trailer) {
    this.requestTrailer = trailer;
  }

  /** What is known of the request's message. */
  public MessageHead request() {
    return request;
  }

  /** What is known of the response's message; filled before {@link ResponseSink#responseHead}. */
  public MessageHead response() {
    return response;
  }

  /** The request's metadata as it came, with what filters have changed. */
  public Headers headers() {
    return headers;
  }

  /** The request's metadata in the dialect that the outbound leg speaks. */
  public Headers outboundHeaders() {
    return outboundHeaders == null ? headers : outboundHeaders;
  }

  /** The name of the service in a gRPC path of the outbound leg, with its package. */
  public String outboundService() {
    return outboundService == null ? qualifiedService() : outboundService;
  }

  /**
   * The call goes out in another protocol than it came by.
   *
   * @param headers in the dialect of that protocol
   * @param service the name for a gRPC path, with its package
   */
  public void translated(Headers headers, String service) {
    this.outboundHeaders = headers;
    this.outboundService = service;
  }

  /**
   * Bytes that a message of the request may have, where it is held until it is whole; and one of
   * either side, when it has been unpacked.
   */
  public int maxMessage() {
    return maxMessage;
  }

  public void maxMessage(int bytes) {
    this.maxMessage = bytes;
  }

  /** The response's metadata as it came. */
  public Headers responseHeaders() {
    return responseHeaders;
  }

  /** Takes what the response's head carried. */
  public void responseHeaders(Headers headers, @Nullable BizStatus bizStatus) {
    this.responseHeaders = headers;
    this.responseHeaders.belongTo(this);
    this.responseBizStatus = bizStatus;
  }

  /** The business status that came with the head of a ping-pong reply, or null. */
  public @Nullable BizStatus responseBizStatus() {
    return responseBizStatus;
  }

  @Override
  public Metadata metadata() {
    return headers.plain();
  }

  @Override
  public Metadata persistent() {
    return headers.persistent();
  }

  @Override
  public Metadata transients() {
    return headers.transients();
  }

  @Override
  public Metadata responseMetadata() {
    return responseHeaders.plain();
  }

  @Override
  @SuppressWarnings("unchecked") // put() pairs keys and values of one type
  public <T> @Nullable T get(Key<T> key) {
    int at = attribute(key);
    return at < 0 ? null : (T) attributes[at];
  }

  /** Where the value of this key is; -1 if it has none. */
  private int attribute(Key<?> key) {
    for (int i = 0; i < attributes.length; i += 2) {
      if (attributes[i] == key) {
        return i + 1;
      }
    }
    return -1;
  }

  @Override
  public <T> void put(Key<T> key, @Nullable T value) {
    checkChange();
    int at = attribute(key);
    if (at < 0 && value != null) {
      at = attributes.length + 1;
      attributes = Arrays.copyOf(attributes, at + 1);
      attributes[at - 1] = key;
    }
    if (at >= 0) {
      attributes[at] = value;
    }
  }

  @Override
  public String toString() {
    return protocol.label() + ' ' + qualifiedService() + '/' + method;
  }
}
