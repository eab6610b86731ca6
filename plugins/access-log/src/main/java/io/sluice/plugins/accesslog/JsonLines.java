package io.sluice.plugins.accesslog;

import io.sluice.api.Codec;
import io.sluice.api.Outcome;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Gathers entries as JSON, one object a line, until they are taken. Used by one thread.
 *
 * <p>What a call does not have is left out: empty names, phases that it did not come to.
 */
final class JsonLines {
  private static final int INITIAL = 64 * 1024;

  private static final byte[] TIME = ascii("{\"time\":\"");
  private static final byte[] TIME_END = ascii("Z\"");
  private static final byte[] LISTENER = field("listener");
  private static final byte[] PEER = field("peer");
  private static final byte[] CALLER = field("caller");
  private static final byte[] CALLER_METHOD = field("callerMethod");
  private static final byte[] IDENTITY = field("identity");
  private static final byte[] SERVICE = field("service");
  private static final byte[] METHOD = field("method");
  private static final byte[] ROUTE = field("route");
  private static final byte[] CLUSTER = field("cluster");
  private static final byte[] ENDPOINT = field("endpoint");
  private static final byte[] ATTEMPTS = field("attempts");
  private static final byte[] REQUEST_BYTES = field("requestBytes");
  private static final byte[] RESPONSE_BYTES = field("responseBytes");
  private static final byte[] REQUEST_MESSAGES = field("requestMessages");
  private static final byte[] RESPONSE_MESSAGES = field("responseMessages");
  private static final byte[] ROUTED = field("routedMicros");
  private static final byte[] CONNECTED = field("connectedMicros");
  private static final byte[] SENT = field("sentMicros");
  private static final byte[] ANSWERED = field("answeredMicros");
  private static final byte[] FIRST_MESSAGE = field("firstMessageMicros");
  private static final byte[] TOTAL = field("totalMicros");
  private static final byte[] STATUS_NUMBER = field("statusNumber");
  private static final byte[] STATUS_TEXT = field("statusText");
  private static final byte[] BUSINESS_CODE = field("businessCode");
  private static final byte[] FILTER = field("filter");
  private static final byte[] END = ascii("}\n");

  /** Whole fields, by the ordinals of their values. */
  private static final byte[][] PROTOCOLS = fields("protocol", Protocol.values(), Protocol::label);

  private static final byte[][] CODECS = fields("codec", Codec.values(), JsonLines::lower);
  private static final byte[][] OUTBOUNDS = fields("outbound", Protocol.values(), Protocol::label);
  private static final byte[][] STATUSES = fields("status", Status.Code.values(), JsonLines::lower);
  private static final byte[][] PARTIES =
      fields("endedBy", Outcome.Party.values(), JsonLines::lower);

  private final JsonBytes json = new JsonBytes(INITIAL);
  private int count;

  /** The second that {@link #secondText} is of. */
  private long second = Long.MIN_VALUE;

  private byte[] secondText = {};

  private static byte[] ascii(String json) {
    return json.getBytes(StandardCharsets.US_ASCII);
  }

  /** A key, as it stands behind another field. */
  private static byte[] field(String key) {
    return ascii(",\"" + key + "\":");
  }

  private static <E extends Enum<E>> byte[][] fields(
      String key, E[] values, Function<E, String> word) {
    return Arrays.stream(values)
        .map(value -> ascii(",\"" + key + "\":\"" + word.apply(value) + '"'))
        .toArray(byte[][]::new);
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Lines so far. */
  int count() {
    return count;
  }

  /** All lines so far, as UTF-8. */
  byte[] take() {
    count = 0;
    return json.take();
  }

  void add(Entry entry) {
    who(entry);
    where(entry);
    howLong(entry);
    howItEnded(entry);
    json.raw(END);
    count++;
  }

  private void who(Entry e) {
    time(e.startMillis());
    json.raw(PROTOCOLS[e.protocol.ordinal()]);
    json.raw(CODECS[e.codec.ordinal()]);
    text(LISTENER, e.listener);
    peer(e.peer);
    textIfAny(CALLER, e.caller);
    textIfAny(CALLER_METHOD, e.callerMethod);
    textIfAny(IDENTITY, e.identity);
    textIfAny(SERVICE, e.packageName.isEmpty() ? e.service : e.packageName + '.' + e.service);
    text(METHOD, e.method);
  }

  private void where(Entry e) {
    textIfAny(ROUTE, e.route);
    textIfAny(CLUSTER, e.cluster);
    if (e.outbound != null) {
      json.raw(OUTBOUNDS[e.outbound.ordinal()]);
    }
    textIfAny(ENDPOINT, e.endpoint);
    number(ATTEMPTS, e.attempts);
    number(REQUEST_BYTES, e.requestBytes);
    number(RESPONSE_BYTES, e.responseBytes);
    if (!e.protocol.isPingPong()) {
      number(REQUEST_MESSAGES, e.requestMessages);
      number(RESPONSE_MESSAGES, e.responseMessages);
    }
  }

  private void howLong(Entry e) {
    micros(ROUTED, e.routed);
    micros(CONNECTED, e.connected);
    micros(SENT, e.sent);
    micros(ANSWERED, e.answered);
    micros(FIRST_MESSAGE, e.firstMessage);
    micros(TOTAL, e.ended);
  }

  private void howItEnded(Entry e) {
    json.raw(STATUSES[e.status.ordinal()]);
    if (e.status == Status.Code.EXCEPTION || e.status == Status.Code.GRPC) {
      number(STATUS_NUMBER, e.statusNumber);
    }
    textIfAny(STATUS_TEXT, e.statusText);
    if (e.business) {
      number(BUSINESS_CODE, e.businessCode);
    }
    json.raw(PARTIES[e.endedBy.ordinal()]);
    textIfAny(FILTER, e.filter);
  }

  private void text(byte[] field, String value) {
    json.raw(field);
    json.string(value);
  }

  private void textIfAny(byte[] field, String value) {
    if (!value.isEmpty()) {
      text(field, value);
    }
  }

  private void number(byte[] field, long value) {
    json.raw(field);
    json.number(value);
  }

  private void micros(byte[] field, long nanos) {
    if (nanos >= 0) {
      number(field, TimeUnit.NANOSECONDS.toMicros(nanos));
    }
  }

  private void time(long millis) {
    long now = Math.floorDiv(millis, 1000);
    if (now != second) {
      second = now;
      // With a dot in the place of its Z.
      secondText = ascii(Instant.ofEpochSecond(now).toString().replace('Z', '.'));
    }
    json.raw(TIME);
    json.raw(secondText);
    json.threeDigits((int) (millis - now * 1000));
    json.raw(TIME_END);
  }

  private void peer(SocketAddress peer) {
    InetAddress ip = peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
    if (ip instanceof Inet4Address) { // without a text of its own, as most are of these
      byte[] numbers = ip.getAddress();
      json.raw(PEER);
      json.raw('"');
      for (int i = 0; i < numbers.length; i++) {
        json.number(numbers[i] & 0xff);
        json.raw(i < 3 ? '.' : ':');
      }
      json.number(((InetSocketAddress) peer).getPort());
      json.raw('"');
    } else {
      text(PEER, peerText(peer, ip));
    }
  }

  private static String peerText(SocketAddress peer, @Nullable InetAddress ip) {
    if (!(peer instanceof InetSocketAddress inet)) {
      return peer.toString();
    }
    String host = ip == null ? inet.getHostString() : ip.getHostAddress();
    return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + inet.getPort();
  }
}
