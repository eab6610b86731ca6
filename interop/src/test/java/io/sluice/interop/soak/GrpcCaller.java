package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Frame;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.IdentityHashMap;
import java.util.Map;

/** Speaks gRPC Thrift, behind Netty's codec of HTTP/2. */
final class GrpcCaller extends Http2ChannelDuplexHandler implements StreamCaller {
  private static final int PREFIX = 5;

  /** A stream, and what has come of a message that is not whole. */
  private record Call(Talk talk, Http2FrameStream stream, ByteBuf in) {}

  private final Crowd.Kind kind;
  private final String name;
  private final Listener listener;
  private final Map<Http2FrameStream, Call> calls = new IdentityHashMap<>();
  private ChannelHandlerContext ctx;
  private boolean cut;

  GrpcCaller(Crowd.Kind kind, String name, Listener listener) {
    this.kind = kind;
    this.name = name;
    this.listener = listener;
  }

  @Override
  protected void handlerAdded0(ChannelHandlerContext ctx) {
    this.ctx = ctx;
  }

  @Override
  public Crowd.Kind kind() {
    return kind;
  }

  @Override
  public void open(Talk talk) {
    Http2FrameStream stream = newStream();
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
    write(new DefaultHttp2HeadersFrame(headers, false).stream(stream));
  }

  @Override
  public void say(Talk talk, byte[] message) {
    ByteBuf framed = Unpooled.buffer(PREFIX + message.length);
    framed.writeByte(0).writeInt(message.length).writeBytes(message);
    write(new DefaultHttp2DataFrame(framed).stream(call(talk).stream));
  }

  @Override
  public void halfClose(Talk talk) {
    write(new DefaultHttp2DataFrame(true).stream(call(talk).stream));
  }

  @Override
  public void cancel(Talk talk) {
    calls.remove(call(talk).stream);
    write(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(call(talk).stream));
  }

  private static Call call(Talk talk) {
    return (Call) talk.handle();
  }

  private void write(Http2Frame frame) {
    ctx.write(frame)
        .addListener(
            (ChannelFutureListener)
                done -> {
                  // Of streams that the other side has just ended, nothing may be said.
                  if (!done.isSuccess() && frame instanceof Http2HeadersFrame && !cut) {
                    listener.fault(name + ": " + done.cause());
                  }
                });
  }

  @Override
  public void flush() {
    ctx.flush();
  }

  /** At the socket: the codec would say good-bye. */
  @Override
  public void cut() {
    cut = true;
    calls.clear();
    ctx.pipeline().firstContext().close();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object msg) {
    try {
      if (cut) {
        return;
      }
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
        listener.fault(name + ": " + msg);
      }
    } finally {
      ReferenceCountUtil.release(msg);
    }
  }

  private void data(Http2DataFrame frame) {
    int size = frame.initialFlowControlledBytes();
    ctx.write(new DefaultHttp2WindowUpdateFrame(size).stream(frame.stream()));
    Call call = calls.get(frame.stream());
    if (call == null) {
      return;
    }
    ByteBuf in = call.in.writeBytes(frame.content());
    while (in.readableBytes() >= PREFIX
        && in.readableBytes() - PREFIX >= in.getInt(in.readerIndex() + 1)) {
      int length = in.skipBytes(1).readInt();
      listener.heard(call.talk, in.readSlice(length));
    }
    in.discardReadBytes();
    if (frame.isEndStream()) {
      ended(frame.stream(), "DATA without trailers");
    }
  }

  private void ended(Http2FrameStream stream, String why) {
    Call call = calls.remove(stream);
    if (call != null) {
      listener.ended(call.talk, why.equals("0 null"), why);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    ctx.flush();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (!cut) {
      listener.fault(name + ": closed by the gateway");
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!cut) {
      listener.fault(name + ": " + cause);
    }
    ctx.close();
  }

  @Override
  public String toString() {
    return name;
  }
}
