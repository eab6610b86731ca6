package io.sluice.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ClosingTest {
  private static final long NOTHING_SCHEDULED = -1;

  private final List<ChannelPromise> unwritten = new ArrayList<>();

  /** A channel whose peer takes what was written when the test says. */
  private final EmbeddedChannel channel =
      new EmbeddedChannel(
          new ChannelOutboundHandlerAdapter() {
            @Override
            public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
              ReferenceCountUtil.release(msg);
              unwritten.add(promise);
            }
          });

  @Test
  void waitsForWritesAndLeavesNothingBehind() {
    channel.writeAndFlush(Unpooled.buffer().writeZero(1));
    Closing.afterWrites(channel);
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isTrue();
    unwritten.forEach(ChannelPromise::setSuccess);
    channel.runPendingTasks();
    assertThat(channel.isOpen()).isFalse();
    assertThat(channel.runScheduledPendingTasks()).isEqualTo(NOTHING_SCHEDULED);
  }

  @Test
  void doesNotWaitForEverForAPeerThatDoesNotRead() {
    channel.freezeTime();
    Closing.afterWrites(channel);
    channel.advanceTimeBy(9, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
    assertThat(channel.isOpen()).isTrue();
    channel.advanceTimeBy(1, TimeUnit.SECONDS);
    channel.runScheduledPendingTasks();
    assertThat(channel.isOpen()).isFalse();
  }
}
