package io.sluice.interop.grpc;

import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the raw client and server agree on; the Go peer has the same. Messages are bytes. */
final class Raw {
  static final String SERVICE = "interop.Raw";
  static final String CONTROL = "interop.Control";
  static final Metadata.Key<String> PLAN = ascii("plan");
  static final Metadata.Key<String> ENCODING = ascii("grpc-encoding");
  static final Metadata.Key<byte[]> DETAILS = binary("grpc-status-details-bin");

  /** What {@code grpc-message} must escape is in it. */
  static final String FAIL_TEXT = "100% of it, ünïcode and\na second line";

  /** The kinds of calls, which are the methods of the service. */
  enum Kind {
    UNARY("Unary", MethodType.UNARY),
    CLIENT("Client", MethodType.CLIENT_STREAMING),
    SERVER("Server", MethodType.SERVER_STREAMING),
    BIDI("Bidi", MethodType.BIDI_STREAMING);

    private final String method;
    private final MethodType type;

    Kind(String method, MethodType type) {
      this.method = method;
      this.type = type;
    }

    /** The method's name. */
    String method() {
      return method;
    }

    MethodType type() {
      return type;
    }

    /** Whether a caller may send more than one message. */
    boolean sendsMany() {
      return this == CLIENT || this == BIDI;
    }
  }

  private Raw() {}

  static MethodDescriptor<byte[], byte[]> method(String service, String name, MethodType type) {
    return MethodDescriptor.newBuilder(new Bytes(), new Bytes())
        .setType(type)
        .setFullMethodName(MethodDescriptor.generateFullMethodName(service, name))
        .build();
  }

  static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static Metadata.Key<byte[]> binary(String name) {
    return Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
  }

  /** The entries whose keys begin with {@code from}, which becomes {@code to}. */
  static Metadata renamed(Metadata metadata, String from, String to) {
    Metadata out = new Metadata();
    for (String name : metadata.keys()) {
      if (name.startsWith(from)) {
        copy(metadata, name, out, to + name.substring(from.length()));
      }
    }
    return out;
  }

  private static void copy(Metadata in, String name, Metadata out, String newName) {
    if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
      in.getAll(binary(name)).forEach(value -> out.put(binary(newName), value));
    } else {
      in.getAll(ascii(name)).forEach(value -> out.put(ascii(newName), value));
    }
  }

  /** Metadata as text, for a printed outcome. */
  static Map<String, List<String>> printable(Metadata metadata) {
    Map<String, List<String>> out = new TreeMap<>();
    for (String name : metadata.keys()) {
      List<String> values = out.computeIfAbsent(name, key -> new ArrayList<>());
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        metadata.getAll(binary(name)).forEach(value -> values.add(HexFormat.of().formatHex(value)));
      } else {
        metadata.getAll(ascii(name)).forEach(values::add);
      }
    }
    return out;
  }

  /** What a caller asks of the server, in metadata: {@code fail=2,hold=7}. */
  static Map<String, String> plan(Metadata metadata) {
    Map<String, String> plan = new HashMap<>();
    String text = metadata.get(PLAN);
    if (text != null) {
      for (String part : text.split(",")) {
        int equals = part.indexOf('=');
        plan.put(part.substring(0, equals), part.substring(equals + 1));
      }
    }
    return plan;
  }

  /** Bytes as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new Known(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Saves gRPC a copy. */
  private static final class Known extends ByteArrayInputStream implements KnownLength {
    Known(byte[] bytes) {
      super(bytes);
    }
  }

  /** Tells messages apart by their number, length, content and order. */
  static final class Sum {
    private final MessageDigest digest;
    private int messages;
    private int bytes;

    Sum() {
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException(e);
      }
    }

    void add(byte[] message) {
      messages++;
      bytes += message.length;
      digest.update(ByteBuffer.allocate(4).putInt(0, message.length));
      digest.update(message);
    }

    /** To be asked once: it ends the sum. */
    String text() {
      String hash = HexFormat.of().formatHex(digest.digest(), 0, 8);
      return "%d messages, %d bytes, %s".formatted(messages, bytes, hash);
    }
  }
}
