package io.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.Test;

class LeakGuardTest {

  @Test
  void looksAtEveryBuffer() {
    assertThat(ResourceLeakDetector.getLevel()).isEqualTo(ResourceLeakDetector.Level.PARANOID);
  }

  @Test
  void tellsALeakOnce() {
    leak();
    assertThat(LeakGuard.drain()).hasSize(1).first().asString().contains("LeakGuardTest.leak");
    assertThat(LeakGuard.drain()).isEmpty();
  }

  @Test
  void saysNothingOfWhatWasReleased() {
    ByteBufAllocator.DEFAULT.buffer(64).release();
    assertThat(LeakGuard.drain()).isEmpty();
  }

  private static void leak() {
    ByteBuf lost = ByteBufAllocator.DEFAULT.buffer(64);
    lost.writeInt(1);
  }
}
