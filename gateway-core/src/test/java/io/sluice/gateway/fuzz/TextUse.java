package io.sluice.gateway.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.wire.Detector;
import io.sluice.gateway.wire.grpc.GrpcPath;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.sluice.gateway.wire.grpc.GrpcTimeout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The first bytes of a connection, and the texts of gRPC's headers. */
final class TextUse {
  private static final byte[] PREFACE = "PRI * HT".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_LINE = 100;

  private TextUse() {}

  static void firstBytes(byte[] input) {
    ByteBuf in = Unpooled.wrappedBuffer(input);
    String text = Detector.describe(in);
    Arrivals.isOneLine(text);
    if (text.length() > LONGEST_LINE) {
      throw new AssertionError(text);
    }
    if (input.length >= Detector.BYTES) {
      boolean preface = Arrays.equals(Arrays.copyOf(input, Detector.BYTES), PREFACE);
      if (preface != (Detector.detect(in) == Detector.Verdict.HTTP2)) {
        throw new AssertionError("HTTP/2 or not: " + text);
      }
    }
    if (in.readerIndex() != 0) {
      throw new AssertionError("bytes were taken");
    }
  }

  static void grpc(byte[] input) {
    // As Netty gives header values out.
    String value = new String(input, StandardCharsets.ISO_8859_1);
    path(value);
    timeout(value);
    GrpcStatus.decodeMessage(value);
    String text = new String(input, StandardCharsets.UTF_8);
    String read = GrpcStatus.decodeMessage(GrpcStatus.encodeMessage(text));
    if (!read.equals(text)) {
      throw new AssertionError(text + " read as " + read);
    }
  }

  private static void path(String value) {
    GrpcPath path = GrpcPath.parse(value);
    if (path == null) {
      return;
    }
    String name =
        path.packageName().isEmpty() ? path.service() : path.packageName() + '.' + path.service();
    if (path.method().isEmpty() || !value.endsWith(name + '/' + path.method())) {
      throw new AssertionError(value + " read as " + path);
    }
  }

  private static void timeout(String value) {
    long nanos = GrpcTimeout.parse(value);
    if (nanos == -1) {
      return;
    }
    long again = GrpcTimeout.parse(GrpcTimeout.format(nanos));
    if (nanos < 1 || again < nanos) {
      throw new AssertionError(value + " is " + nanos + " ns, written and read again " + again);
    }
  }
}
