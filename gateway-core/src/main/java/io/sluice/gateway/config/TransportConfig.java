package io.sluice.gateway.config;

import io.sluice.api.Protocol;
import io.sluice.api.Setting;

/**
 * The protocols that a cluster speaks. In the file, {@code transport: ttheader} is short for {@code
 * transport: {unary: ttheader}}.
 */
public record TransportConfig(
    @Shorthand
        @Setting(value = "How calls with one request and one reply are sent.", required = true)
        Unary unary) {

  /** The framings of Thrift's unary calls. */
  public enum Unary {
    FRAMED(Protocol.FRAMED),
    TTHEADER(Protocol.TTHEADER),
    TTHEADER_FRAMED(Protocol.TTHEADER_FRAMED);

    private final Protocol protocol;

    Unary(Protocol protocol) {
      this.protocol = protocol;
    }

    /** The same, among all protocols. */
    public Protocol protocol() {
      return protocol;
    }
  }
}
