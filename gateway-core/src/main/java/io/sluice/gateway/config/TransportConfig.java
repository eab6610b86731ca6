package io.sluice.gateway.config;

import io.sluice.api.Protocol;
import io.sluice.api.Setting;
import org.jspecify.annotations.Nullable;

/**
 * The protocols that a cluster speaks. In the file, {@code transport: ttheader} is short for {@code
 * transport: {unary: ttheader}}.
 *
 * @param unary null where only streams are taken
 */
public record TransportConfig(
    @Shorthand
        @Setting(
            "How calls with one request and one reply are sent; required unless `streaming` is"
                + " `grpc` or `ttstream`.")
        @Nullable Unary unary,
    @Setting(
            value =
                "How streams are sent: in the protocol that they came by, in one for all, or not at"
                    + " all.",
            fallback = "same")
        Streaming streaming,
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

  /**
   * @throws IllegalArgumentException if nothing says how calls are sent
   */
  public TransportConfig {
    if (unary == null && streaming != Streaming.GRPC && streaming != Streaming.TTSTREAM) {
      throw new IllegalArgumentException(
          "missing key 'unary': it is required unless 'streaming' is 'grpc' or 'ttstream'");
    }
  }

  /** How calls with one request and one reply go. */
  public enum Unary {
    BUFFERED(Protocol.BUFFERED),
    FRAMED(Protocol.FRAMED),
    TTHEADER(Protocol.TTHEADER),
    TTHEADER_FRAMED(Protocol.TTHEADER_FRAMED),
    GRPC(Protocol.GRPC);

    private final Protocol protocol;

    Unary(Protocol protocol) {
      this.protocol = protocol;
    }

    /** The same, among all protocols. */
    public Protocol protocol() {
      return protocol;
    }

    /** Whether there is a TTHeader around the calls. */
    public boolean isTtheader() {
      return this == TTHEADER || this == TTHEADER_FRAMED;
    }
  }

  /** How streams go. */
  public enum Streaming {
    SAME,
    GRPC,
    TTSTREAM,
    NONE
  }
}
