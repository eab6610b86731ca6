package io.sluice.interop.thrift;

import io.sluice.interop.thrift.Values.Field;
import java.net.InetSocketAddress;
import java.util.List;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.TSocket;
import org.apache.thrift.transport.TTransport;

/** A client on Apache Thrift's own transports; it may be used by one thread at a time. */
final class ApacheClient implements AutoCloseable {
  private static final int LIMIT_MILLIS = 20_000;
  private final TTransport transport;
  private final TProtocol protocol;
  private int seq;

  ApacheClient(InetSocketAddress address, Layer layer) throws TException {
    TSocket socket =
        new TSocket(address.getAddress().getHostAddress(), address.getPort(), LIMIT_MILLIS);
    socket.open();
    transport = layer.over(socket);
    protocol = Layer.STRICT.getProtocol(transport);
  }

  /** Calls and returns the result struct. */
  List<Field> call(String method, List<Field> arguments) throws TException {
    int id = send(method, TMessageType.CALL, arguments);
    TMessage reply = protocol.readMessageBegin();
    if (reply.type == TMessageType.EXCEPTION) {
      TApplicationException exception = TApplicationException.readFrom(protocol);
      protocol.readMessageEnd();
      throw exception;
    }
    List<Field> result = Values.readStruct(protocol);
    protocol.readMessageEnd();
    // As TServiceClient does.
    if (reply.seqid != id || !reply.name.equals(method) || reply.type != TMessageType.REPLY) {
      throw new TApplicationException(
          TApplicationException.BAD_SEQUENCE_ID, method + " was answered with " + reply);
    }
    return result;
  }

  void oneway(String method, List<Field> arguments) throws TException {
    send(method, TMessageType.ONEWAY, arguments);
  }

  private int send(String method, byte type, List<Field> arguments) throws TException {
    protocol.writeMessageBegin(new TMessage(method, type, ++seq));
    Values.writeStruct(protocol, arguments);
    protocol.writeMessageEnd();
    transport.flush();
    return seq;
  }

  @Override
  public void close() {
    transport.close();
  }
}
