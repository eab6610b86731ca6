package io.sluice.gateway.wire.grpc;

import java.util.concurrent.TimeUnit;

/** The header {@code grpc-timeout}: at most 8 digits and a unit. */
public final class GrpcTimeout {
  private static final String UNITS = "numSMH";
  private static final TimeUnit[] TIME_UNITS = {
    TimeUnit.NANOSECONDS,
    TimeUnit.MICROSECONDS,
    TimeUnit.MILLISECONDS,
    TimeUnit.SECONDS,
    TimeUnit.MINUTES,
    TimeUnit.HOURS,
  };
  private static final long MAX_NUMBER = 99_999_999;

  private GrpcTimeout() {}

  /**
   * Reads the header.
   *
   * @return nanoseconds, at least 1; -1 if the text is no timeout
   */
  public static long parse(String text) {
    int digits = text.length() - 1;
    if (digits < 1 || digits > 8) {
      return -1;
    }
    int unit = UNITS.indexOf(text.charAt(digits));
    if (unit < 0) {
      return -1;
    }
    long number = 0;
    for (int i = 0; i < digits; i++) {
      char c = text.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return Math.max(1, TIME_UNITS[unit].toNanos(number));
  }

  /**
   * Writes the header in the finest unit that 8 digits allow, rounded up as grpc-go does it ({@code
   * internal/grpcutil/encode_duration.go}): whoever reads it never gives up before its writer.
   *
   * @param nanos not negative
   */
  public static String format(long nanos) {
    for (int i = 0; i < TIME_UNITS.length; i++) {
      long number = TIME_UNITS[i].convert(nanos, TimeUnit.NANOSECONDS);
      number += TIME_UNITS[i].toNanos(number) < nanos ? 1 : 0;
      if (number <= MAX_NUMBER) {
        return Long.toString(number) + UNITS.charAt(i);
      }
    }
    return MAX_NUMBER + "H";
  }
}
