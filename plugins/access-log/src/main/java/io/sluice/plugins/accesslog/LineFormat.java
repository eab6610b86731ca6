package io.sluice.plugins.accesslog;

import io.sluice.api.BizStatus;
import io.sluice.api.Call;
import io.sluice.api.Call.Phase;
import io.sluice.api.Codec;
import io.sluice.api.Outcome;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Writes what is to be said of a call as a line of JSON. Used by one thread at a time.
 *
 * <p>What a call does not have is left out: empty names, phases that it did not come to. Texts of
 * callers and downstreams are cut, so that a line has a bound.
 */
final class LineFormat {
  /** Letters of a status' text that are written at most. */
  static final int MAX_TEXT = 512;

  private static final byte[] TIME_END = ascii("Z\"");
  private static final String[] CODECS = words(Codec.values());

  /** What is counted of a call, as its numbers stand behind one another; -1 is none. */
  private static final byte[][] NUMBERS =
      keys(
          "attempts",
          "requestBytes",
          "responseBytes",
          "requestMessages",
          "responseMessages",
          "routedMicros",
          "connectedMicros",
          "sentMicros",
          "answeredMicros",
          "firstMessageMicros",
          "totalMicros");

  private static final byte[] STATUS_NUMBER = field("statusNumber");
  private static final byte[] STATUS_TEXT = field("statusText");
  private static final byte[] BUSINESS_CODE = field("businessCode");
  private static final byte[] FILTER = field("filter");
  private static final byte[] END = ascii("}\n");

  /** Whole fields, by the ordinals of their values. */
  private static final byte[][] STATUSES = fields("status", Status.Code.values());

  private static final byte[][] PARTIES = fields("endedBy", Outcome.Party.values());

  private static final Phase[] PHASES = Phase.values();

  private final PeerField peer = new PeerField(field("peer"));
  private final KnownFields who =
      new KnownFields(
          keys(
              "protocol",
              "codec",
              "listener",
              "caller",
              "callerMethod",
              "identity",
              "service",
              "method"));
  private final KnownFields where =
      new KnownFields(keys("route", "cluster", "outbound", "endpoint"));
  private final long[] numbers = new long[NUMBERS.length];

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

  private static byte[][] keys(String... keys) {
    return Arrays.stream(keys).map(LineFormat::field).toArray(byte[][]::new);
  }

  private static byte[][] fields(String key, Enum<?>[] values) {
    return Arrays.stream(words(values))
        .map(word -> ascii(",\"" + key + "\":\"" + word + '"'))
        .toArray(byte[][]::new);
  }

  private static String[] words(Enum<?>[] constants) {
    return Arrays.stream(constants)
        .map(constant -> constant.name().toLowerCase(Locale.ROOT))
        .toArray(String[]::new);
  }

  /** Writes a line behind what is there. */
  void write(Call call, Outcome outcome, JsonBytes to) {
    json = to;
    time(System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(call.nanosTo(Phase.ENDED)));
    peer.write(call.peer(), json);
    who(call);
    where(call);
    numbers(call);
    howItEnded(outcome);
    json.raw(END);
  }

  private void who(Call call) {
    String[] names = who.values();
    names[0] = call.protocol().label();
    names[1] = CODECS[call.codec().ordinal()];
    names[2] = call.listener();
    names[3] = call.caller();
    names[4] = call.callerMethod();
    names[5] = call.identity();
    names[6] =
        call.packageName().isEmpty() ? call.service() : call.packageName() + '.' + call.service();
    names[7] = call.method();
    who.write(json);
  }

  private void where(Call call) {
    Protocol outbound = call.outboundProtocol();
    String[] names = where.values();
    names[0] = call.route();
    names[1] = call.cluster();
    names[2] = outbound == null ? "" : outbound.label();
    names[3] = call.endpoint();
    where.write(json);
  }

  private void numbers(Call call) {
    boolean messages = !call.protocol().isPingPong();
    numbers[0] = call.attempts();
    numbers[1] = call.requestBytes();
    numbers[2] = call.responseBytes();
    numbers[3] = messages ? call.requestMessages() : -1;
    numbers[4] = messages ? call.responseMessages() : -1;
    for (Phase phase : PHASES) {
      long nanos = call.nanosTo(phase);
      numbers[5 + phase.ordinal()] = nanos < 0 ? -1 : TimeUnit.NANOSECONDS.toMicros(nanos);
    }
    // In a loop, as the code for each apart would crowd out other code.
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] >= 0) {
        number(NUMBERS[i], numbers[i]);
      }
    }
  }

  private void howItEnded(Outcome outcome) {
    Status status = outcome.status();
    json.raw(STATUSES[status.code().ordinal()]);
    if (status.code() == Status.Code.EXCEPTION || status.code() == Status.Code.GRPC) {
      number(STATUS_NUMBER, status.number());
    }
    textIfAny(STATUS_TEXT, KnownFields.clip(status.text(), MAX_TEXT));
    BizStatus business = outcome.bizStatus();
    if (business != null) {
      number(BUSINESS_CODE, business.code());
    }
    json.raw(PARTIES[outcome.endedBy().ordinal()]);
    textIfAny(FILTER, outcome.filter());
  }

  private void textIfAny(byte[] field, String value) {
    if (!value.isEmpty()) {
      json.raw(field);
      json.string(value);
    }
  }

  private void number(byte[] field, long value) {
    json.raw(field);
    json.number(value);
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
}
