package io.sluice.gateway.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FlusherTest {
  private final MultiThreadIoEventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private final List<String> flushes = new ArrayList<>();

  @AfterEach
  void stop() {
    group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private Flusher.Target target(String name, Runnable whenFlushed) {
    Channel channel = new LocalChannel();
    channel
        .pipeline()
        .addLast(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void flush(ChannelHandlerContext ctx) {
                flushes.add(name);
                whenFlushed.run();
              }
            });
    loop.register(channel).syncUninterruptibly();
    return new Flusher.Target(channel);
  }

  private void onLoop(Runnable work) throws Exception {
    loop.submit(work).get(10, TimeUnit.SECONDS);
    // What it put behind itself has run too.
    loop.submit(() -> {}).get(10, TimeUnit.SECONDS);
  }

  @Test
  void flushesEachChannelOnceATurn() throws Exception {
    Flusher.Target a = target("a", () -> {});
    Flusher.Target b = target("b", () -> {});
    onLoop(
        () -> {
          Flusher flusher = Loop.of(loop).flusher();
          for (int i = 0; i < 100; i++) {
            flusher.later(a);
            flusher.later(b);
          }
          assertThat(flushes).as("within the turn").isEmpty();
        });
    assertThat(flushes).containsExactly("a", "b");
    onLoop(() -> Loop.of(loop).flusher().later(b));
    assertThat(flushes).containsExactly("a", "b", "b");
  }

  @Test
  void whatIsWrittenWhileFlushingIsFlushedInTheNextTurn() throws Exception {
    List<Runnable> once = new ArrayList<>();
    Flusher.Target b = target("b", () -> {});
    Flusher.Target a =
        target(
            "a",
            () -> {
              once.forEach(Runnable::run);
              once.clear();
            });
    once.add(
        () -> {
          Loop.of(loop).flusher().later(b);
          Loop.of(loop).flusher().later(b);
        });
    onLoop(
        () -> {
          Loop.of(loop).flusher().later(a);
          Loop.of(loop).flusher().later(a);
        });
    onLoop(() -> {});
    assertThat(flushes).containsExactly("a", "b");
  }

  @Test
  void aChannelThatAsksForItselfIsFlushedAgain() throws Exception {
    List<Runnable> again = new ArrayList<>();
    Flusher.Target a =
        target(
            "a",
            () -> {
              List<Runnable> now = List.copyOf(again);
              again.clear();
              now.forEach(Runnable::run);
            });
    again.add(() -> Loop.of(loop).flusher().later(a));
    onLoop(() -> Loop.of(loop).flusher().later(a));
    onLoop(() -> {});
    assertThat(flushes).containsExactly("a", "a");
  }

  @Test
  void aLoopIsForItsOwnThread() throws Exception {
    assertThatThrownBy(() -> Loop.of(loop)).isInstanceOf(IllegalStateException.class);
    onLoop(() -> assertThat(Loop.of(loop)).isSameAs(Loop.of(loop)));
  }
}
