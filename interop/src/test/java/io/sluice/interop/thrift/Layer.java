package io.sluice.interop.thrift;

import java.util.Locale;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TProtocolFactory;
import org.apache.thrift.transport.TTransport;
import org.apache.thrift.transport.TTransportException;
import org.apache.thrift.transport.TTransportFactory;
import org.apache.thrift.transport.layered.TFramedTransport;

/** What is between Thrift's messages and the socket. */
enum Layer {
  FRAMED {
    @Override
    TTransport over(TTransport socket) throws TTransportException {
      return new TFramedTransport(socket);
    }

    @Override
    TTransportFactory factory() {
      return new TFramedTransport.Factory();
    }
  },
  /** Nothing: the messages themselves. */
  BUFFERED {
    @Override
    TTransport over(TTransport socket) {
      return socket;
    }

    @Override
    TTransportFactory factory() {
      return new TTransportFactory();
    }
  };

  /** The binary protocol, which neither writes nor takes messages without a version. */
  static final TProtocolFactory STRICT = new TBinaryProtocol.Factory(true, true);

  abstract TTransport over(TTransport socket) throws TTransportException;

  abstract TTransportFactory factory();

  static Layer labelled(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }

  /** Its name for the peers and in a configuration. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
