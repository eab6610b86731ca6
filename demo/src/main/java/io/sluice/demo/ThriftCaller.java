package io.sluice.demo;

import java.util.List;
import java.util.Map;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TConfiguration;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.layered.TFramedTransport;

/** An Apache Thrift client: strict binary, Framed or Buffered. */
final class ThriftCaller implements Caller {
  private final TTransport transport;
  private final TProtocol protocol;
  private final String method;
  private int seqId;

  ThriftCaller(int port, boolean framed, String method) throws TException {
    TSocket socket = new TSocket(new TConfiguration(), "127.0.0.1", port, TIMEOUT_MILLIS);
    transport = framed ? new TFramedTransport(socket) : socket;
    transport.open();
    protocol = new TBinaryProtocol(transport);
    this.method = method;
  }

  @Override
  public Reply call(List<String> messages) throws TException {
    protocol.writeMessageBegin(new TMessage(method, TMessageType.CALL, ++seqId));
    TextStruct.write(protocol, TextStruct.ARGUMENT, messages.get(0));
    protocol.writeMessageEnd();
    transport.flush();

    TMessage reply = protocol.readMessageBegin();
    if (reply.type == TMessageType.EXCEPTION) {
      throw TApplicationException.readFrom(protocol);
    }
    if (reply.seqid != seqId || !reply.name.equals(method)) {
      throw new TException("the reply to another call: " + reply);
    }
    String text = TextStruct.read(protocol, TextStruct.RESULT);
    protocol.readMessageEnd();
    return new Reply(List.of(Answer.parse(text)), Map.of());
  }

  @Override
  public void close() {
    transport.close();
  }
}
