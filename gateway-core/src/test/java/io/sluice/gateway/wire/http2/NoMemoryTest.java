package io.sluice.gateway.wire.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Frame;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2Headers;
import io.sluice.gateway.testkit.Http2Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A connection for whose frames there is no memory: it ends, and nothing of it is left. */
class NoMemoryTest {

  /** Has memory until it is told that there is none. */
  private static final class Scarce extends AbstractByteBufAllocator {
    private final List<ByteBuf> given = new ArrayList<>();
    private boolean none;

    private Scarce() {
      super(true);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initial, int max) {
      return give(UnpooledByteBufAllocator.DEFAULT.heapBuffer(initial, max));
    }

    @Override
    protected ByteBuf newDirectBuffer(int initial, int max) {
      if (none) {
        throw new OutOfMemoryError("Direct buffer memory");
      }
      return give(UnpooledByteBufAllocator.DEFAULT.directBuffer(initial, max));
    }

    private ByteBuf give(ByteBuf buffer) {
      given.add(buffer);
      return buffer;
    }

    @Override
    public boolean isDirectBufferPooled() {
      return false;
    }
  }

  /** Stands where the calls are, and closes when it hears of a fault. */
  private static final class Calls extends Http2ChannelDuplexHandler {
    private final List<Throwable> heard = new ArrayList<>();

    private Http2FrameStream stream() {
      return newStream();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      heard.add(cause);
      ctx.close();
    }
  }

  private final Scarce memory = new Scarce();
  private final Calls calls = new Calls();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Http2FrameStream stream = open();

  private Http2FrameStream open() {
    channel.config().setAllocator(memory);
    Http2Codecs.Handlers handlers = Http2Codecs.client(1 << 16, (open, code) -> {});
    channel.pipeline().addLast(handlers.gather(), handlers.codec(), calls);
    channel.writeInbound(Unpooled.wrappedBuffer(Http2Peer.settings()));
    channel.releaseInbound();
    Http2FrameStream stream = calls.stream();
    assertThat(channel.writeOutbound(head(stream))).isTrue();
    channel.releaseOutbound();
    return stream;
  }

  private static Http2Frame head(Http2FrameStream stream) {
    Http2Headers headers = new DefaultHttp2Headers().method("POST").path("/a").scheme("http");
    return new DefaultHttp2HeadersFrame(headers, false).stream(stream);
  }

  private static Arguments frame(String what, Function<NoMemoryTest, Http2Frame> frame) {
    return Arguments.of(what, frame);
  }

  static Stream<Arguments> frames() {
    return Stream.of(
        frame("a head", on -> head(on.calls.stream())),
        frame("a reset", on -> new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(on.stream)),
        frame("a window", on -> new DefaultHttp2WindowUpdateFrame(1 << 20)),
        frame(
            "data",
            on -> new DefaultHttp2DataFrame(Unpooled.buffer(9).writeZero(9)).stream(on.stream)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("frames")
  void whoeverCallsHearsOfItAndTheConnectionEnds(
      String what, Function<NoMemoryTest, Http2Frame> frame) {
    Http2Frame next = frame.apply(this);
    memory.none = true;
    channel.write(next);
    channel.flush();
    channel.runPendingTasks();
    assertThat(calls.heard).isNotEmpty().allMatch(OutOfMemoryError.class::isInstance);
    assertThat(channel.isOpen()).isFalse();
    channel.finishAndReleaseAll();
    assertThat(memory.given).allMatch(buffer -> buffer.refCnt() == 0);
  }

  /** What is gathered needs none any more. */
  @Test
  void whatWasGatheredBeforeStillLeaves() {
    for (int i = 0; i < 100; i++) {
      // One buffer that grows beyond what is in it.
      channel.write(head(calls.stream()));
    }
    ChannelFuture last = channel.write(head(calls.stream()));
    memory.none = true;
    channel.flush();
    assertThat(last.isSuccess()).isTrue();
    assertThat(calls.heard).isEmpty();
    memory.none = false;
    channel.finishAndReleaseAll();
    assertThat(memory.given).allMatch(buffer -> buffer.refCnt() == 0);
  }
}
