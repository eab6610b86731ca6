package io.sluice.gateway.testkit;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.TProcessor;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.protocol.TProtocolUtil;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.server.TServer;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TTransportException;
import org.apache.thrift.transport.layered.TFramedTransport;

/**
 * A service on Apache Thrift's own server, framed: {@code echo} returns its text, {@code fail}
 * throws an exception of type 42, {@code tell} is oneway.
 */
public final class ThriftService implements AutoCloseable {
  private final TServerSocket socket;
  private final TServer server;
  private final AtomicInteger calls = new AtomicInteger();

  private ThriftService() throws TTransportException {
    socket = new TServerSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server =
        new TThreadPoolServer(
            new TThreadPoolServer.Args(socket)
                .minWorkerThreads(1)
                .processor(processor())
                .transportFactory(new TFramedTransport.Factory())
                .protocolFactory(new TBinaryProtocol.Factory()));
    Thread thread = new Thread(server::serve, "thrift-service");
    thread.setDaemon(true);
    thread.start();
  }

  public static ThriftService start() {
    try {
      return new ThriftService();
    } catch (TTransportException e) {
      throw new IllegalStateException(e);
    }
  }

  public int port() {
    return socket.getServerSocket().getLocalPort();
  }

  /** Calls that it has got. */
  public int calls() {
    return calls.get();
  }

  private TProcessor processor() {
    return (in, out) -> {
      TMessage message = in.readMessageBegin();
      String text = readText(in);
      in.readMessageEnd();
      calls.incrementAndGet();
      switch (message.name) {
        case "echo" -> reply(out, message, text);
        case "tell" -> {}
        default -> {
          out.writeMessageBegin(new TMessage(message.name, TMessageType.EXCEPTION, message.seqid));
          new TApplicationException(42, "failed: " + text).write(out);
          out.writeMessageEnd();
          out.getTransport().flush();
        }
      }
    };
  }

  private static String readText(TProtocol in) throws TException {
    String text = "";
    in.readStructBegin();
    for (TField f = in.readFieldBegin(); f.type != TType.STOP; f = in.readFieldBegin()) {
      if (f.id == 1 && f.type == TType.STRING) {
        text = in.readString();
      } else {
        TProtocolUtil.skip(in, f.type);
      }
      in.readFieldEnd();
    }
    in.readStructEnd();
    return text;
  }

  private static void reply(TProtocol out, TMessage to, String text) throws TException {
    out.writeMessageBegin(new TMessage(to.name, TMessageType.REPLY, to.seqid));
    out.writeStructBegin(new TStruct("result"));
    out.writeFieldBegin(new TField("success", TType.STRING, (short) 0));
    out.writeString(text);
    out.writeFieldEnd();
    out.writeFieldStop();
    out.writeStructEnd();
    out.writeMessageEnd();
    out.getTransport().flush();
  }

  @Override
  public void close() {
    server.stop();
  }
}
