package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A client of ttstream, Kitex's streaming over TTHeader, which carries Thrift only. */
final class StreamCaller extends StreamingCaller {
  private final WireSocket socket;
  private final FrameReader reader = new FrameReader(KitexCodec.ALLOCATOR, KitexCodec.LIMITS);
  private final FrameWriter writer = new FrameWriter(KitexCodec.ALLOCATOR);
  private final String service;
  private final String method;
  private int streamId;
  private Map<String, String> metadata = Map.of();

  StreamCaller(int port, Kind kind, String service) throws IOException {
    super(kind, Codec.THRIFT);
    socket = new WireSocket(port);
    this.service = service;
    this.method = kind.method(Codec.THRIFT);
  }

  @Override
  void open() throws IOException {
    streamId++;
    metadata = Map.of();
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    METADATA.forEach(headers::add);
    headers.add(TTHeaderKeys.FROM_SERVICE, NAME);
    write(writer.open(streamId, service, method, headers));
  }

  @Override
  void send(byte[] message) throws IOException {
    write(writer.data(streamId, method, Unpooled.wrappedBuffer(message)));
  }

  @Override
  void halfClose() throws IOException {
    write(writer.halfClose(streamId, method));
  }

  @Override
  byte @Nullable [] receive() throws IOException {
    Frame frame = next();
    if (frame.type() == FrameType.HEADER) {
      metadata = Answer.userKeys(frame.headers().plain()::forEach);
      frame.payload().release();
      frame = next();
    }
    byte[] payload = KitexCodec.take(frame.payload());
    if (frame.type() == FrameType.DATA) {
      return payload;
    }
    if (frame.type() == FrameType.TRAILER && payload.length == 0) {
      return null;
    }
    throw new IOException(
        "the stream ended with " + StreamCodes.read(Unpooled.wrappedBuffer(payload)).text());
  }

  @Override
  Map<String, String> metadata() {
    return metadata;
  }

  private void write(ByteBuf frame) throws IOException {
    socket.write(KitexCodec.take(frame));
  }

  private Frame next() throws IOException {
    Frame frame = reader.read();
    while (frame == null) {
      reader.append(Unpooled.wrappedBuffer(socket.read()));
      frame = reader.read();
    }
    return frame;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    reader.release();
  }
}
