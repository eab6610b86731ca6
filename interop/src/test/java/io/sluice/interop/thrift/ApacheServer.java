package io.sluice.interop.thrift;

import io.sluice.interop.thrift.Values.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TMessage;
import org.apache.thrift.protocol.TMessageType;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.server.TServer;
import org.apache.thrift.server.TThreadPoolServer;
import org.apache.thrift.transport.TServerSocket;
import org.apache.thrift.transport.TTransportException;

/**
 * The ping-pong methods of {@code InteropService} that need no metadata, on Apache Thrift's own
 * server, as the Kitex server has them.
 */
final class ApacheServer implements AutoCloseable {
  private static final int MOST_CONNECTIONS = 256;
  private final TServerSocket socket;
  private final TServer server;
  private final Map<String, AtomicLong> fired = new ConcurrentHashMap<>();

  ApacheServer(Layer layer) {
    try {
      socket = new TServerSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (TTransportException e) {
      throw new IllegalStateException(e);
    }
    server =
        new TThreadPoolServer(
            new TThreadPoolServer.Args(socket)
                .maxWorkerThreads(MOST_CONNECTIONS)
                .processor(this::process)
                .transportFactory(layer.factory())
                .protocolFactory(Layer.STRICT));
    Thread thread = new Thread(server::serve, "apache-server");
    thread.setDaemon(true);
    thread.start();
  }

  InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", socket.getServerSocket().getLocalPort());
  }

  private void process(TProtocol in, TProtocol out) throws TException {
    TMessage call = in.readMessageBegin();
    List<Field> arguments = Values.readStruct(in);
    in.readMessageEnd();
    Field first = arguments.isEmpty() ? null : arguments.get(0);
    switch (call.name) {
      case "Echo", "Text", "Blob", "EmptyStruct" -> reply(out, call, List.of(first.as(0)));
      case "Void" -> reply(out, call, List.of());
      case "Throws" -> reply(out, call, List.of(declared(first.text())));
      case "Fail" -> fail(out, call, first.text());
      case "Fire" -> fired(first.text()).incrementAndGet();
      case "Fired" -> reply(out, call, List.of(Field.i64(0, fired(first.text()).get())));
      default ->
          exception(
              out, call, new TApplicationException(TApplicationException.UNKNOWN_METHOD, "no"));
    }
  }

  private AtomicLong fired(String key) {
    return fired.computeIfAbsent(key, k -> new AtomicLong());
  }

  /** {@code DeclaredException}, which is the field 1 of a result. */
  private static Field declared(String message) {
    return Field.struct(1, List.of(Field.i32(1, 42), Field.text(2, message)));
  }

  private static void fail(TProtocol out, TMessage call, String kind) throws TException {
    exception(
        out,
        call,
        kind.equals("typed")
            ? new TApplicationException(4711, "typed failure [biz error]")
            : new TApplicationException(
                TApplicationException.INTERNAL_ERROR, "biz error: " + kind + " failure"));
  }

  private static void exception(TProtocol out, TMessage call, TApplicationException what)
      throws TException {
    out.writeMessageBegin(new TMessage(call.name, TMessageType.EXCEPTION, call.seqid));
    what.write(out);
    out.writeMessageEnd();
    out.getTransport().flush();
  }

  private static void reply(TProtocol out, TMessage call, List<Field> result) throws TException {
    out.writeMessageBegin(new TMessage(call.name, TMessageType.REPLY, call.seqid));
    Values.writeStruct(out, result);
    out.writeMessageEnd();
    out.getTransport().flush();
  }

  @Override
  public void close() {
    server.stop();
  }
}
