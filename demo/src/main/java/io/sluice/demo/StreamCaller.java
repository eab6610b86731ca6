package io.sluice.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.ttstream.Frame;
import io.sluice.gateway.wire.ttstream.FrameReader;
import io.sluice.gateway.wire.ttstream.FrameType;
import io.sluice.gateway.wire.ttstream.FrameWriter;
import io.sluice.gateway.wire.ttstream.StreamCodes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.thrift.TException;

/** A client of ttstream, Kitex's streaming over TTHeader: each call is a stream both ways. */
final class StreamCaller implements Caller {
  private final WireSocket socket;
  private final FrameReader reader = new FrameReader(KitexCodec.ALLOCATOR, KitexCodec.LIMITS);
  private final FrameWriter writer = new FrameWriter(KitexCodec.ALLOCATOR);
  private final String service;
  private final String method;
  private int streamId;

  StreamCaller(int port, String service, String method) throws IOException {
    socket = new WireSocket(port);
    this.service = service;
    this.method = method;
  }

  @Override
  public Reply call(List<String> messages) throws IOException, TException {
    streamId++;
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    METADATA.forEach(headers::add);
    send(writer.open(streamId, service, method, headers));

    Map<String, String> metadata = Map.of();
    List<Answer> answers = new ArrayList<>();
    for (String message : messages) {
      byte[] struct = TextStruct.bytes(TextStruct.ARGUMENT, message);
      send(writer.data(streamId, method, Unpooled.wrappedBuffer(struct)));
      Frame frame = receive();
      if (frame.type() == FrameType.HEADER) {
        metadata = Answer.userKeys(frame.headers().plain()::forEach);
        frame.payload().release();
        frame = receive();
      }
      byte[] answer = KitexCodec.take(expect(FrameType.DATA, frame).payload());
      answers.add(Answer.parse(TextStruct.read(answer, TextStruct.ARGUMENT)));
    }
    send(writer.halfClose(streamId, method));
    expect(FrameType.TRAILER, receive()).payload().release();
    return new Reply(answers, metadata);
  }

  private void send(ByteBuf frame) throws IOException {
    socket.write(KitexCodec.take(frame));
  }

  private Frame receive() throws IOException {
    Frame frame = reader.read();
    while (frame == null) {
      reader.append(Unpooled.wrappedBuffer(socket.read()));
      frame = reader.read();
    }
    return frame;
  }

  private static Frame expect(FrameType type, Frame frame) throws IOException {
    boolean failed = frame.type() == FrameType.TRAILER && frame.payload().isReadable();
    if (failed || frame.type() == FrameType.RST) {
      String text = StreamCodes.read(frame.payload()).text();
      frame.payload().release();
      throw new IOException(text);
    }
    if (frame.type() != type) {
      frame.payload().release();
      throw new IOException("a frame " + frame.type() + " in place of " + type);
    }
    return frame;
  }

  @Override
  public void close() throws IOException {
    socket.close();
    reader.release();
  }
}
