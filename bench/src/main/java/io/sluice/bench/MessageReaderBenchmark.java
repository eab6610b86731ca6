package io.sluice.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.pingpong.MessageReader;
import io.sluice.gateway.wire.pingpong.PingPongMessage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Cutting messages out of the bytes of a connection, one message a read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class MessageReaderBenchmark {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);

  private final ByteBuf framed = Vector.buffer(Vector.FRAMED_CALL);
  private final ByteBuf ttheader = Vector.buffer(Vector.TTHEADER_CALL);
  private final MessageReader reader = new MessageReader(ByteBufAllocator.DEFAULT, LIMITS);

  /** Thrift with a length in front. */
  @Benchmark
  public PingPongMessage framed() {
    return read(framed);
  }

  /** The same behind a TTHeader of nine keys. */
  @Benchmark
  public PingPongMessage ttheader() {
    return read(ttheader);
  }

  private PingPongMessage read(ByteBuf bytes) {
    reader.append(bytes.readerIndex(0).retain());
    PingPongMessage message = reader.readHead();
    ByteBuf part = reader.readPart();
    if (message == null || part == null || part.readableBytes() != message.bodyLength()) {
      throw new IllegalStateException("not the whole message");
    }
    part.release();
    return message;
  }

  /** Lets go of the buffers. */
  @TearDown
  public void tearDown() {
    framed.release();
    ttheader.release();
  }
}
