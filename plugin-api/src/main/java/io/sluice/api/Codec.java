package io.sluice.api;

/** How the bytes of a message are encoded; the gateway itself never decodes them. */
public enum Codec {
  /** Thrift's binary protocol. */
  THRIFT("thrift"),
  /** Protobuf, also anything else that travels by gRPC and is not Thrift. */
  PROTOBUF("protobuf");

  private final String label;

  Codec(String label) {
    this.label = label;
  }

  /** Its name in configuration, logs and metrics. */
  public String label() {
    return label;
  }
}
