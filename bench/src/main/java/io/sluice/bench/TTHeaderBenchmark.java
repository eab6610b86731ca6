package io.sluice.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.sluice.gateway.wire.WireLimits;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
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

/** Reading the header of a Kitex client's call, and writing what is left of it for the next hop. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class TTHeaderBenchmark {
  private static final WireLimits LIMITS = new WireLimits(64 << 20, 256 << 10, 1024);

  private final ByteBuf in = Vector.buffer(Vector.TTHEADER_CALL);
  private final ByteBuf out = ByteBufAllocator.DEFAULT.directBuffer(512);
  private final TTHeaderWriter writer = new TTHeaderWriter();

  /** The header alone. */
  @Benchmark
  public TTHeader read() {
    return TTHeader.readAt(in, 0, LIMITS);
  }

  /** The way of a header through the gateway: read, take out, write the rest. */
  @Benchmark
  public int readAndWrite() {
    TTHeader header = TTHeader.readAt(in, 0, LIMITS);
    RequestKeys keys = RequestKeys.take(header.headers());
    out.clear();
    writer.begin(out, 0, header.seqId(), TTHeader.PROTOCOL_THRIFT);
    writer.string("isn", keys.service());
    RequestKeys.writeRest(writer, header.headers(), true, -1);
    writer.integer(1, "framed");
    writer.integer(22, "1");
    writer.end(header.payloadLength());
    return out.writerIndex();
  }

  /** Lets go of the buffers. */
  @TearDown
  public void tearDown() {
    in.release();
    out.release();
  }
}
