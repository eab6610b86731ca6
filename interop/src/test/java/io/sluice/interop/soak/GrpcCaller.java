package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.IdentityHashMap;
import java.util.Map;

/** Speaks gRPC Thrift, behind Netty's codec of HTTP/2. */
final class GrpcCaller extends StreamCaller {
  private static final int PREFIX = 5;

  /** A stream, and what has come of a message that is not whole. */
  private record Call(Talk talk, Http2FrameStream stream, ByteBuf in) {}

  private final class Frames extends Http2ChannelDuplexHandler {
    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
      try {
        take(msg);
      } finally {
        ReferenceCountUtil.release(msg);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
      ctx.flush();
    }
  }

  private final Frames frames = new Frames();
  private final Map<Http2FrameStream, Call> calls = new IdentityHashMap<>();

  GrpcCaller(Crowd.Kind kind, String name, Listener listener) {
    super(kind, name, listener);
  }

  @Override
  protected ChannelHandler codec() {
    return Http2FrameCodecBuilder.forClient().build();
  }

  @Override
  protected ChannelHandler protocol() {
    return frames;
  }

  @Override
  void open(Talk talk) {
    Http2FrameStream stream = frames.newStream();
    Call call = new Call(talk, stream, Unpooled.buffer());
    talk.handle(call);
    calls.put(stream, call);
    Http2Headers headers =
        new DefaultHttp2Headers(false)
            .method("POST")
            .scheme("http")
            .path("/InteropStream/" + talk.method())
            .authority("InteropStream")
            .add("content-type", "application/grpc+thrift")
            .add("te", "trailers");
    if (talk.timeoutMillis() > 0) {
      headers.add("grpc-timeout", talk.timeoutMillis() + "m");
    }
    // Not of what is said later: of streams that the other side has just ended, nothing may be.
    write(new DefaultHttp2HeadersFrame(headers, false).stream(stream))
        .addListener(
            done -> {
              if (!done.isSuccess()) {
                fault(String.valueOf(done.cause()));
              }
            });
  }

  @Override
  void say(Talk talk, byte[] message) {
    ByteBuf framed = Unpooled.buffer(PREFIX + message.length);
    framed.writeByte(0).writeInt(message.length).writeBytes(message);
    write(new DefaultHttp2DataFrame(framed).stream(call(talk).stream));
  }

  @Override
  void halfClose(Talk talk) {
    write(new DefaultHttp2DataFrame(true).stream(call(talk).stream));
  }

  @Override
  void cancel(Talk talk) {
    calls.remove(call(talk).stream);
    write(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(call(talk).stream));
  }

  private static Call call(Talk talk) {
    return (Call) talk.handle();
  }

  @Override
  protected void forget() {
    calls.clear();
  }

  private void take(Object msg) {
    if (msg instanceof Http2DataFrame data) {
      data(data);
    } else if (msg instanceof Http2HeadersFrame headers) {
      if (headers.isEndStream()) {
        CharSequence status = headers.headers().get("grpc-status");
        CharSequence text = headers.headers().get("grpc-message");
        ended(headers.stream(), status + " " + text);
      }
    } else if (msg instanceof Http2ResetFrame reset) {
      ended(reset.stream(), "RST_STREAM " + reset.errorCode());
    } else if (msg instanceof Http2GoAwayFrame) {
      fault(msg.toString());
    }
  }

  private void data(Http2DataFrame frame) {
    int size = frame.initialFlowControlledBytes();
    write(new DefaultHttp2WindowUpdateFrame(size).stream(frame.stream()));
    Call call = calls.get(frame.stream());
    if (call == null) {
      return;
    }
    ByteBuf in = call.in.writeBytes(frame.content());
    while (in.readableBytes() >= PREFIX
        && in.readableBytes() - PREFIX >= in.getInt(in.readerIndex() + 1)) {
      int length = in.skipBytes(1).readInt();
      listener().heard(call.talk, in.readSlice(length));
    }
    in.discardReadBytes();
    if (frame.isEndStream()) {
      ended(frame.stream(), "DATA without trailers");
    }
  }

  private void ended(Http2FrameStream stream, String why) {
    Call call = calls.remove(stream);
    if (call != null) {
      listener().ended(call.talk, why.equals("0 null"), why);
    }
  }
}
