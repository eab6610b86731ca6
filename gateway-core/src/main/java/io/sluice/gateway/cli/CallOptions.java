package io.sluice.gateway.cli;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** What a call would be like that is asked about. */
final class CallOptions {
  @Option(
      names = {"-s", "--service"},
      paramLabel = "NAME",
      defaultValue = "",
      description = "The service that it names; without one it names none.")
  private String service;

  @Option(
      names = {"-m", "--method"},
      paramLabel = "NAME",
      description = "The method.")
  private @Nullable String method;

  @Option(
      names = {"--protocol", "--transport"},
      paramLabel = "NAME",
      defaultValue = "ttheader-framed",
      converter = Protocols.class,
      completionCandidates = Protocols.class,
      description = "One of ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Protocol protocol;

  @Option(
      names = "--codec",
      paramLabel = "NAME",
      converter = Codecs.class,
      completionCandidates = Codecs.class,
      description = "One of ${COMPLETION-CANDIDATES} (default: protobuf for grpc, else thrift).")
  private @Nullable Codec codec;

  @Option(
      names = "--caller",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The name that the calling service gives itself.")
  private String caller;

  @Option(
      names = "--destination",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The name by which the caller knows its destination; of grpc the :authority.")
  private String destination;

  @Option(
      names = "--meta",
      paramLabel = "KEY=VALUE",
      description = "Metadata as on the wire, such as env=canary or RPC_PERSIST_env=canary.")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Nullable String method() {
    return method;
  }

  /** Whether there is something that the protocol has no place for. */
  boolean saysTooMuch() {
    return !protocol.carriesMetadata()
        && !(service.isEmpty() && caller.isEmpty() && destination.isEmpty() && metadata.isEmpty());
  }

  /** Says what is left out. */
  String tooMuch() {
    return protocol.label()
        + " carries neither service nor caller nor destination nor metadata: left out of the call";
  }

  Protocol protocol() {
    return protocol;
  }

  /** Whether the messages are Thrift's. */
  boolean isThrift() {
    return codec() == Codec.THRIFT;
  }

  private Codec codec() {
    Codec usual = protocol == Protocol.GRPC ? Codec.PROTOBUF : Codec.THRIFT;
    return codec == null ? usual : codec;
  }

  /**
   * The call as the gateway would see it: less what its protocol has no place for.
   *
   * @param listener where it came in
   * @param packageName only gRPC has a place for it
   */
  RpcCall call(String listener, String packageName) {
    boolean bare = !protocol.carriesMetadata();
    Headers headers =
        new Headers(protocol == Protocol.GRPC ? Headers.Dialect.HTTP2 : Headers.Dialect.TTHEADER);
    if (!bare) {
      metadata.forEach(headers::add);
    }
    RpcCall call =
        new RpcCall(
            protocol,
            codec(),
            listener,
            new Peer(new InetSocketAddress(0)),
            protocol == Protocol.GRPC ? packageName : "",
            bare ? "" : service,
            String.valueOf(method),
            headers);
    call.caller(bare ? "" : caller, "");
    call.destination(bare ? "" : destination);
    return call;
  }

  /** By the names that the configuration uses. */
  static final class Protocols implements ITypeConverter<Protocol>, Iterable<String> {
    @Override
    public Protocol convert(String value) {
      return Arrays.stream(Protocol.values())
          .filter(protocol -> protocol.label().equals(value))
          .findFirst()
          .orElseThrow(() -> refuse(value, labels()));
    }

    private static List<String> labels() {
      return Arrays.stream(Protocol.values()).map(Protocol::label).toList();
    }

    @Override
    public Iterator<String> iterator() {
      return labels().iterator();
    }
  }

  /** By the names that the configuration uses. */
  static final class Codecs implements ITypeConverter<Codec>, Iterable<String> {
    @Override
    public Codec convert(String value) {
      return Arrays.stream(Codec.values())
          .filter(codec -> codec.label().equals(value))
          .findFirst()
          .orElseThrow(() -> refuse(value, labels()));
    }

    private static List<String> labels() {
      return Arrays.stream(Codec.values()).map(Codec::label).toList();
    }

    @Override
    public Iterator<String> iterator() {
      return labels().iterator();
    }
  }

  private static TypeConversionException refuse(String value, List<String> allowed) {
    return new TypeConversionException(
        "'" + value + "' is not one of " + String.join(", ", allowed));
  }
}
