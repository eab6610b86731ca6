package io.sluice.demo;

import io.netty.buffer.Unpooled;
import io.sluice.api.Protocol;
import io.sluice.demo.KitexCodec.Message;
import io.sluice.gateway.wire.thrift.ThriftException;
import io.sluice.gateway.wire.thrift.ThriftHead;
import java.io.IOException;
import java.util.List;
import org.apache.thrift.TException;

/** A client of TTHeader, with or without a frame length, as a Kitex client is. */
final class KitexCaller implements Caller {
  private final WireSocket socket;
  private final KitexCodec codec = new KitexCodec();
  private final Protocol framing;
  private final String service;
  private final String method;
  private int seqId;

  KitexCaller(int port, Protocol framing, String service, String method) throws IOException {
    socket = new WireSocket(port);
    this.framing = framing;
    this.service = service;
    this.method = method;
  }

  @Override
  public Reply call(List<String> messages) throws IOException, TException {
    byte[] arguments = TextStruct.bytes(TextStruct.ARGUMENT, messages.get(0));
    socket.write(codec.request(framing, service, method, ++seqId, METADATA, arguments));

    Message reply = codec.next();
    while (reply == null) {
      codec.append(socket.read());
      reply = codec.next();
    }
    if (reply.head().type() == ThriftHead.EXCEPTION) {
      throw new IOException(ThriftException.read(Unpooled.wrappedBuffer(reply.body())).text());
    }
    if (reply.head().seqId() != seqId || reply.head().framing() != framing) {
      throw new IOException("the reply to another call: " + reply.head());
    }
    String text = TextStruct.read(reply.body(), TextStruct.RESULT);
    return new Reply(List.of(Answer.parse(text)), reply.metadata());
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
