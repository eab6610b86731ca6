package io.sluice.demo;

import io.sluice.api.Protocol;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.server.TServer;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.layered.TFramedTransport;

/** An Apache Thrift server as anybody would write it: strict binary, Framed, no metadata. */
final class ThriftService implements EmbeddedService {
  private final TServerSocket socket;
  private final TServer server;

  /**
   * @param port 0 for any
   */
  ThriftService(int port) throws TException {
    socket = new TServerSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    server =
        new TThreadPoolServer(
            new TThreadPoolServer.Args(socket)
                .transportFactory(new TFramedTransport.Factory())
                .processor(ThriftService::process)
                .stopTimeoutUnit(TimeUnit.SECONDS)
                .stopTimeoutVal(1));
    Thread accepting = new Thread(server::serve, "thrift-service");
    accepting.setDaemon(true);
    accepting.start();
  }

  private static void process(TProtocol in, TProtocol out) throws TException {
    TMessage call = in.readMessageBegin();
    String message = TextStruct.read(in, TextStruct.ARGUMENT);
    in.readMessageEnd();

    Answer answer = new Answer(message, Protocol.FRAMED, Map.of());
    out.writeMessageBegin(new TMessage(call.name, TMessageType.REPLY, call.seqid));
    TextStruct.write(out, TextStruct.RESULT, answer.text());
    out.writeMessageEnd();
    out.getTransport().flush();
  }

  @Override
  public int port() {
    return socket.getServerSocket().getLocalPort();
  }

  @Override
  public void close() {
    server.stop();
  }
}
