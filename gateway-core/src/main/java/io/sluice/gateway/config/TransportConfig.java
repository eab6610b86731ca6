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
        Unary unary,
    @Setting(
            value =
                "Whether many such calls share a connection, on which replies may come in any order;"
                    + " only with a TTHeader, and for services that answer side by side, which an"
                    + " ordinary Kitex server does not.",
            fallback = "false")
        boolean multiplex,
    @Setting(
            value = "The most calls that share a connection.",
            fallback = "1024",
            min = 1,
            max = 1_000_000)
        int maxInFlight) {

  /** The framings of ping-pong calls. */
  public enum Unary {
    BUFFERED(Protocol.BUFFERED),
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
