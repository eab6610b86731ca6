package io.sluice.plugins.accesslog;

import java.util.Arrays;

/**
 * Calls that have ended, as what their lines are made of. Used by one thread at a time.
 *
 * <pre>
 * numbers: │ began, in ms │ attempts │ … │ totalMicros │ began, in ms, of the next call …
 * fields:  │ peer │ who │ where │ end │ peer of the next call …
 * </pre>
 */
final class Records {
  /** The numbers of a call: when it began, and those that {@link LineFormat} names. */
  static final int NUMBERS = 1 + LineFormat.NUMBERS;

  /** The parts of a line that are fields already. */
  static final int FIELDS = 4;

  /** Bytes of a record without fields of its own. */
  private static final int A_RECORD = NUMBERS * Long.BYTES + FIELDS * Long.BYTES;

  private static final int INITIAL = 64;

  /** Larger arrays are not kept for what comes next. */
  private static final int MOST_KEPT = 8192;

  private long[] numbers;
  private byte[][] fields;
  private int size;
  private int bytes;

  Records() {
    start();
  }

  private void start() {
    numbers = new long[INITIAL * NUMBERS];
    fields = new byte[INITIAL * FIELDS][];
  }

  int size() {
    return size;
  }

  /** That they take, about, but for fields that others have too. */
  int bytes() {
    return bytes;
  }

  /** The numbers, in which those of a call begin at its place times {@link #NUMBERS}. */
  long[] numbers() {
    return numbers;
  }

  /** The fields, in which those of a call begin at its place times {@link #FIELDS}. */
  byte[][] fields() {
    return fields;
  }

  /** Makes room for one more, behind those that {@link #add} has counted. */
  void room() {
    if (size * NUMBERS == numbers.length) {
      numbers = Arrays.copyOf(numbers, 2 * numbers.length);
      fields = Arrays.copyOf(fields, 2 * fields.length);
    }
  }

  /**
   * One more has all that is its own.
   *
   * @param bytes of its fields, so far as no other call has them
   */
  void add(int bytes) {
    size++;
    this.bytes += A_RECORD + bytes;
  }

  void clear() {
    if (size > MOST_KEPT) {
      start();
    } else {
      Arrays.fill(fields, 0, size * FIELDS, null);
    }
    size = 0;
    bytes = 0;
  }
}
