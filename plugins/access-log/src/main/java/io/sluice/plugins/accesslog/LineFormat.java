package io.sluice.plugins.accesslog;

import io.sluice.api.BizStatus;
import io.sluice.api.Call;
import io.sluice.api.Call.Phase;
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
 * Writes what is to be said of a call as a line of JSON. Used by one thread at a time.
 *
 * <p>What a call does not have is left out: empty names, phases that it did not come to. Texts of
 * callers and downstreams are cut, so that a line has a bound.
 */
final class LineFormat {
  /** Letters of a name that are written at most. */
  static final int MAX_NAME = 256;

  /** Letters of a status' text that are written at most. */
  static final int MAX_TEXT = 512;

  private static final byte[] TIME_END = ascii("Z\"");
  private static final byte[] PEER = field("peer");
  private static final byte[] PEER_ADDRESS = ascii(",\"peer\":\"");
  private static final byte[] CALLER = field("caller");
  private static final byte[] CALLER_METHOD = field("callerMethod");
  private static final byte[] IDENTITY = field("identity");
  private static final byte[] SERVICE = field("service");
  private static final byte[] METHOD = field("method");
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

  private static final byte[][] CODECS = fields("codec", Codec.values(), LineFormat::lower);
  private static final byte[][] OUTBOUNDS = fields("outbound", Protocol.values(), Protocol::label);
  private static final byte[][] STATUSES =
      fields("status", Status.Code.values(), LineFormat::lower);
  private static final byte[][] PARTIES =
      fields("endedBy", Outcome.Party.values(), LineFormat::lower);

  private final SteadyField listener = new SteadyField(field("listener"));
  private final SteadyField route = new SteadyField(field("route"));
  private final SteadyField cluster = new SteadyField(field("cluster"));
  private final SteadyField endpoint = new SteadyField(field("endpoint"));

  /** Where the line goes that is written. */
  private JsonBytes json;

  /** The second that {@link #begin} is of. */
  private long second = Long.MIN_VALUE;

  /** A line up to the second and its dot. */
  private byte[] begin = {};

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

  /** Writes a line behind what is there. */
  void write(Call call, Outcome outcome, JsonBytes to) {
    json = to;
    who(call);
    where(call);
    howLong(call);
    howItEnded(outcome);
    json.raw(END);
  }

  private void who(Call call) {
    time(System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(call.nanosTo(Phase.ENDED)));
    json.raw(PROTOCOLS[call.protocol().ordinal()]);
    json.raw(CODECS[call.codec().ordinal()]);
    listener.write(call.listener(), json);
    peer(call.peer());
    name(CALLER, call.caller());
    name(CALLER_METHOD, call.callerMethod());
    name(IDENTITY, call.identity());
    name(
        SERVICE,
        call.packageName().isEmpty() ? call.service() : call.packageName() + '.' + call.service());
    text(METHOD, clip(call.method(), MAX_NAME));
  }

  private void where(Call call) {
    steady(route, call.route());
    steady(cluster, call.cluster());
    Protocol outbound = call.outboundProtocol();
    if (outbound != null) {
      json.raw(OUTBOUNDS[outbound.ordinal()]);
    }
    steady(endpoint, call.endpoint());
    number(ATTEMPTS, call.attempts());
    number(REQUEST_BYTES, call.requestBytes());
    number(RESPONSE_BYTES, call.responseBytes());
    if (!call.protocol().isPingPong()) {
      number(REQUEST_MESSAGES, call.requestMessages());
      number(RESPONSE_MESSAGES, call.responseMessages());
    }
  }

  private void howLong(Call call) {
    micros(ROUTED, call.nanosTo(Phase.ROUTED));
    micros(CONNECTED, call.nanosTo(Phase.CONNECTED));
    micros(SENT, call.nanosTo(Phase.SENT));
    micros(ANSWERED, call.nanosTo(Phase.ANSWERED));
    micros(FIRST_MESSAGE, call.nanosTo(Phase.FIRST_MESSAGE));
    micros(TOTAL, call.nanosTo(Phase.ENDED));
  }

  private void howItEnded(Outcome outcome) {
    Status status = outcome.status();
    json.raw(STATUSES[status.code().ordinal()]);
    if (status.code() == Status.Code.EXCEPTION || status.code() == Status.Code.GRPC) {
      number(STATUS_NUMBER, status.number());
    }
    textIfAny(STATUS_TEXT, clip(status.text(), MAX_TEXT));
    BizStatus business = outcome.bizStatus();
    if (business != null) {
      number(BUSINESS_CODE, business.code());
    }
    json.raw(PARTIES[outcome.endedBy().ordinal()]);
    textIfAny(FILTER, outcome.filter());
  }

  private static String clip(String text, int most) {
    return text.length() <= most ? text : text.substring(0, most);
  }

  private void name(byte[] field, String name) {
    textIfAny(field, clip(name, MAX_NAME));
  }

  private void steady(SteadyField field, String value) {
    if (!value.isEmpty()) {
      field.write(value, json);
    }
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
      String text = Instant.ofEpochSecond(now).toString();
      begin = ascii("{\"time\":\"" + text.substring(0, text.length() - 1) + '.');
    }
    json.raw(begin);
    json.threeDigits((int) (millis - now * 1000));
    json.raw(TIME_END);
  }

  private void peer(SocketAddress peer) {
    InetAddress ip = peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
    if (ip instanceof Inet4Address) { // without a text of its own, as most are of these
      byte[] numbers = ip.getAddress();
      json.raw(PEER_ADDRESS);
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
