package io.sluice.gateway.wire.ttstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.wire.WireLimits;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
  private static final WireLimits LIMITS = new WireLimits(1 << 30, 65_535 * 4, 1024);
  private static final int PIECE = 64 * 1024;

  @Test
  void theMemoryOfALargeFrameGrowsWithWhatHasCome() {
    byte[] frame = Frames.data(1, new byte[48 << 20]);
    FrameReader reader = new FrameReader(ByteBufAllocator.DEFAULT, LIMITS);
    int growths = 0;
    int before = 0;
    for (int at = 0; at < frame.length; at += PIECE) {
      int end = Math.min(frame.length, at + PIECE);
      reader.append(Unpooled.wrappedBuffer(Arrays.copyOfRange(frame, at, end)));
      assertThat(reader.held()).isLessThanOrEqualTo(Math.min(frame.length, 2 * end));
      growths += reader.held() > before ? 1 : 0;
      before = reader.held();
      if (end < frame.length) {
        assertThat(reader.read()).isNull();
      }
    }
    // Each of them copies all that is there.
    assertThat(growths).isLessThanOrEqualTo(11);
    Frame whole = reader.read();
    assertThat(whole).isNotNull();
    assertThat(whole.payload().readableBytes()).isEqualTo(48 << 20);
    whole.payload().release();
    assertThat(reader.held()).isZero();
  }
}
