package io.sluice.plugins.accesslog;

import io.sluice.api.Call.Phase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes a line of JSON of each record. Used by one thread.
 *
 * <p>What a call does not have is left out: empty names, phases that it did not come to. Texts of
 * callers and downstreams are cut, so that a line has a bound.
 */
final class LineFormat {
  /** Stands for a number that a call does not have. */
  static final long NONE = -1;

  private static final byte[][] COUNTS =
      keys("attempts", "requestBytes", "responseBytes", "requestMessages", "responseMessages");

  /** By phase; recorded in nanoseconds. */
  private static final byte[][] TIMES =
      Stream.of(Phase.values()).map(LineFormat::key).toArray(byte[][]::new);

  /** How many numbers there are, the counts first and then the times. */
  static final int NUMBERS = COUNTS.length + TIMES.length;

  private static final byte[] TIME_END = ascii("Z\"");
  private static final byte[] END = ascii("}\n");

  /** The second that {@link #begin} is of. */
  private long second = Long.MIN_VALUE;

  /** A line up to the second and its dot. */
  private byte[] begin = {};

  private static byte[] ascii(String json) {
    return json.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[][] keys(String... keys) {
    return Stream.of(keys).map(JsonBytes::key).toArray(byte[][]::new);
  }

  private static byte[] key(Phase phase) {
    return JsonBytes.key(
        switch (phase) {
          case ROUTED -> "routedMicros";
          case CONNECTED -> "connectedMicros";
          case SENT -> "sentMicros";
          case ANSWERED -> "answeredMicros";
          case FIRST_MESSAGE -> "firstMessageMicros";
          case ENDED -> "totalMicros";
        });
  }

  /** Writes the line of the record at this place behind what is there. */
  void write(Records records, int place, JsonBytes to) {
    byte[][] fields = records.fields();
    int field = place * Records.FIELDS;
    int number = place * Records.NUMBERS;
    time(records.numbers()[number], to);
    to.raw(fields[field]);
    to.raw(fields[field + 1]);
    to.raw(fields[field + 2]);
    numbers(records.numbers(), number + 1, to);
    to.raw(fields[field + 3]);
    to.raw(END);
  }

  private static void numbers(long[] numbers, int from, JsonBytes to) {
    for (int i = 0; i < COUNTS.length; i++) {
      if (numbers[from + i] != NONE) {
        to.field(COUNTS[i], numbers[from + i]);
      }
    }
    int times = from + COUNTS.length;
    for (int i = 0; i < TIMES.length; i++) {
      if (numbers[times + i] != NONE) {
        to.field(TIMES[i], TimeUnit.NANOSECONDS.toMicros(numbers[times + i]));
      }
    }
  }

  private void time(long millis, JsonBytes to) {
    long now = Math.floorDiv(millis, 1000);
    if (now != second) {
      second = now;
      String text = Instant.ofEpochSecond(now).toString();
      begin = ascii("{\"time\":\"" + text.substring(0, text.length() - 1) + '.');
    }
    to.raw(begin);
    to.threeDigits((int) (millis - now * 1000));
    to.raw(TIME_END);
  }
}
