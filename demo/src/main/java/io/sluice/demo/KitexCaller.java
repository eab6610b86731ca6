package io.sluice.demo;

import io.netty.buffer.Unpooled;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.demo.KitexCodec.Message;
import io.sluice.gateway.wire.pingpong.ExceptionBody;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.TTHeader;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.thrift.TException;

/**
 * A client of TTHeader, with or without a frame length, as a Kitex client is. If it multiplexes,
 * all messages are calls made at once, and answered in any order.
 */
final class KitexCaller implements Caller {
  private final WireSocket socket;
  private final KitexCodec wire;
  private final Protocol framing;
  private final Codec codec;
  private final String service;
  private final String method;
  private int lastSeqId;

  KitexCaller(
      int port, Protocol framing, Codec codec, boolean multiplexes, String service, String method)
      throws IOException {
    socket = new WireSocket(port);
    wire = new KitexCodec(multiplexes ? TTHeader.FLAG_OUT_OF_ORDER : 0);
    this.framing = framing;
    this.codec = codec;
    this.service = service;
    this.method = method;
  }

  @Override
  public Reply call(List<String> messages) throws IOException, TException {
    int firstSeqId = lastSeqId + 1;
    for (String message : messages) {
      byte[] arguments = TextMessage.bytes(codec, TextStruct.ARGUMENT, message);
      socket.write(wire.request(framing, codec, service, method, ++lastSeqId, METADATA, arguments));
    }
    Answer[] answers = new Answer[messages.size()];
    Map<String, String> metadata = new TreeMap<>();
    for (int i = 0; i < answers.length; i++) {
      Message reply = next();
      int place = reply.head().seqId() - firstSeqId;
      if (place < 0 || place >= answers.length || answers[place] != null) {
        throw new IOException("the reply to another call: " + reply.head());
      }
      String text = TextMessage.read(codec, reply.body(), TextStruct.RESULT);
      answers[place] = Answer.parse(text);
      metadata.putAll(reply.metadata());
    }
    return new Reply(Arrays.asList(answers), metadata);
  }

  private Message next() throws IOException {
    Message reply = wire.next();
    while (reply == null) {
      wire.append(socket.read());
      reply = wire.next();
    }
    if (reply.head().type() == ThriftHead.EXCEPTION) {
      throw new IOException(ExceptionBody.read(codec, Unpooled.wrappedBuffer(reply.body())).text());
    }
    if (reply.head().framing() != framing || reply.head().codec() != codec) {
      throw new IOException("a reply in another framing or codec: " + reply.head());
    }
    return reply;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
