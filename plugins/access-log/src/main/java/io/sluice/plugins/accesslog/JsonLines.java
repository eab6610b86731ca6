package io.sluice.plugins.accesslog;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import io.sluice.api.Codec;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gathers entries as JSON, one object a line, until they are taken. Used by one thread.
 *
 * <p>What a call does not have is left out: empty names, phases that it did not come to.
 */
final class JsonLines {
  private static final JsonFactory JSON =
      new JsonFactoryBuilder().rootValueSeparator((String) null).build();
  private static final String NO_FILE = "no file is written to here";
  private static final int INITIAL = 64 * 1024;
  private static final String[] CODECS = lower(Codec.values());
  private static final String[] STATUSES = lower(Status.Code.values());
  private static final String[] PARTIES = lower(Outcome.Party.values());

  private final StringWriter text = new StringWriter(INITIAL);
  private final JsonGenerator json;
  private int count;

  /** The second that {@link #secondText} is of. */
  private long second = Long.MIN_VALUE;

  private String secondText = "";

  /** The peer that {@link #peerText} is of: calls of a connection come in crowds. */
  private @Nullable SocketAddress peer;

  private String peerText = "";

  JsonLines() {
    try {
      json = JSON.createGenerator(text);
    } catch (IOException e) {
      throw new IllegalStateException(NO_FILE, e);
    }
  }

  /** Lines so far. */
  int count() {
    return count;
  }

  /** All lines so far, as UTF-8; half a letter becomes a question mark. */
  byte[] take() {
    try {
      json.flush();
    } catch (IOException e) {
      throw new IllegalStateException(NO_FILE, e);
    }
    count = 0;
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    text.getBuffer().setLength(0);
    return bytes;
  }

  void add(Entry entry) {
    try {
      json.writeStartObject();
      who(entry);
      where(entry);
      howLong(entry);
      howItEnded(entry);
      json.writeEndObject();
      json.writeRaw('\n');
      count++;
    } catch (IOException e) {
      throw new IllegalStateException(NO_FILE, e);
    }
  }

  private void who(Entry e) throws IOException {
    json.writeStringField("time", time(e.startMillis()));
    json.writeStringField("protocol", e.protocol.label());
    json.writeStringField("codec", CODECS[e.codec.ordinal()]);
    json.writeStringField("listener", e.listener);
    json.writeStringField("peer", peer(e.peer));
    text("caller", e.caller);
    text("callerMethod", e.callerMethod);
    text("service", e.packageName.isEmpty() ? e.service : e.packageName + '.' + e.service);
    json.writeStringField("method", e.method);
  }

  private void where(Entry e) throws IOException {
    text("route", e.route);
    text("cluster", e.cluster);
    text("outbound", e.outbound == null ? "" : e.outbound.label());
    text("endpoint", e.endpoint);
    json.writeNumberField("attempts", e.attempts);
    json.writeNumberField("requestBytes", e.requestBytes);
    json.writeNumberField("responseBytes", e.responseBytes);
    if (!e.protocol.isPingPong()) {
      json.writeNumberField("requestMessages", e.requestMessages);
      json.writeNumberField("responseMessages", e.responseMessages);
    }
  }

  private void howLong(Entry e) throws IOException {
    micros("routedMicros", e.routed);
    micros("connectedMicros", e.connected);
    micros("sentMicros", e.sent);
    micros("answeredMicros", e.answered);
    micros("firstMessageMicros", e.firstMessage);
    micros("totalMicros", e.ended);
  }

  private void howItEnded(Entry e) throws IOException {
    json.writeStringField("status", STATUSES[e.status.ordinal()]);
    if (e.status == Status.Code.EXCEPTION || e.status == Status.Code.GRPC) {
      json.writeNumberField("statusNumber", e.statusNumber);
    }
    text("statusText", e.statusText);
    if (e.business) {
      json.writeNumberField("businessCode", e.businessCode);
    }
    json.writeStringField("endedBy", PARTIES[e.endedBy.ordinal()]);
    text("filter", e.filter);
  }

  private void text(String key, String value) throws IOException {
    if (!value.isEmpty()) {
      json.writeStringField(key, value);
    }
  }

  private void micros(String key, long nanos) throws IOException {
    if (nanos >= 0) {
      json.writeNumberField(key, TimeUnit.NANOSECONDS.toMicros(nanos));
    }
  }

  private String time(long millis) {
    long now = Math.floorDiv(millis, 1000);
    if (now != second) {
      second = now;
      // Without its Z.
      String text = Instant.ofEpochSecond(now).toString();
      secondText = text.substring(0, text.length() - 1) + '.';
    }
    long rest = millis - now * 1000;
    return secondText
        + (char) ('0' + rest / 100)
        + (char) ('0' + rest / 10 % 10)
        + (char) ('0' + rest % 10)
        + 'Z';
  }

  @SuppressWarnings("ReferenceEquality") // only saves work
  private String peer(SocketAddress address) {
    if (address != peer) {
      peer = address;
      peerText = text(address);
    }
    return peerText;
  }

  private static String text(SocketAddress peer) {
    if (!(peer instanceof InetSocketAddress inet)) {
      return peer.toString();
    }
    InetAddress ip = inet.getAddress();
    String host = ip == null ? inet.getHostString() : ip.getHostAddress();
    return (host.indexOf(':') < 0 ? host : '[' + host + ']') + ':' + inet.getPort();
  }

  private static String[] lower(Enum<?>[] constants) {
    String[] words = new String[constants.length];
    for (Enum<?> constant : constants) {
      words[constant.ordinal()] = constant.name().toLowerCase(Locale.ROOT);
    }
    return words;
  }
}
