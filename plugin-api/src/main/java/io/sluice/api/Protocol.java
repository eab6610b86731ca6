package io.sluice.api;

/** The wire protocols, as a caller or a downstream speaks them. */
public enum Protocol {
  /** Thrift binary without any length: a message ends where its struct does. */
  BUFFERED("buffered"),
  /** Thrift binary or Kitex Protobuf with a length in front. */
  FRAMED("framed"),
  /** Thrift binary in a TTHeader, without a frame length of its own. */
  TTHEADER("ttheader"),
  /** A message with a frame length, in a TTHeader: what Kitex clients send by default. */
  TTHEADER_FRAMED("ttheader-framed"),
  /** gRPC over HTTP/2, whatever the codec of its messages. */
  GRPC("grpc"),
  /** Kitex's streaming over TTHeader frames. */
  TTSTREAM("ttstream");

  private final String label;

  Protocol(String label) {
    this.label = label;
  }

  /** Its name in configuration, logs and metrics. */
  public String label() {
    return label;
  }

  /** Whether a call is one request and one reply by the nature of the protocol. */
  public boolean isPingPong() {
    return this != GRPC && this != TTSTREAM;
  }

  /** Whether the protocol carries metadata beside the message. */
  public boolean carriesMetadata() {
    return this != FRAMED && this != BUFFERED;
  }
}
