package io.sluice.gateway.fuzz;

import java.util.Locale;
import java.util.function.Consumer;

/** A decoder that is to be fed with whatever bytes. What it throws is a bug. */
public enum Target {
  FIRST_BYTES(TextUse::firstBytes),
  REQUESTS(PingPongReading::requests),
  REPLIES(PingPongReading::replies),
  STRUCTS(StructUse::structs),
  TTHEADERS(HeaderUse::ttheader),
  MESH_HEADERS(HeaderUse::meshHeader),
  THRIFT_EXCEPTIONS(ExceptionUse::thrift),
  PROTOBUF_EXCEPTIONS(ExceptionUse::protobuf),
  STREAM_FRAMES(FrameReading::frames),
  GRPC_MESSAGES(MessageReading::messages),
  GRPC_TEXTS(TextUse::grpc),
  CONFIGURATION(ConfigUse::configuration);

  private final Consumer<byte[]> use;

  Target(Consumer<byte[]> use) {
    this.use = use;
  }

  /** Feeds it. */
  public void run(byte[] input) {
    use.accept(input);
  }

  /** As it is called in files and options. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Target named(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
  }
}
