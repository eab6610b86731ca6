package io.sluice.testkit;

import io.sluice.api.Protocol;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.ListenerConfig;
import java.util.List;

/** Configurations of the gateways, callers and services of tests. */
final class Configs {
  private static final String LISTENERS = "listeners: {rpc: {address: '127.0.0.1:0'}}\n";

  private Configs() {}

  /**
   * One by which every call goes on to a port as it came.
   *
   * @param uses filters for all calls, as the configuration uses them
   */
  static String passing(int port, List<String> uses) {
    StringBuilder text = new StringBuilder(LISTENERS);
    text.append("clusters:\n");
    for (Protocol protocol : Protocol.values()) {
      text.append(
          "  %s: {endpoints: ['127.0.0.1:%d'], transport: %s}\n"
              .formatted(protocol.label(), port, transport(protocol)));
    }
    text.append("routes:\n");
    for (Protocol protocol : Protocol.values()) {
      text.append(
          "  - {match: {protocol: %s}, cluster: %s}\n"
              .formatted(protocol.label(), protocol.label()));
    }
    text.append(uses.isEmpty() ? "" : "filters:\n");
    uses.forEach(use -> text.append("  - ").append(use).append('\n'));
    return text.toString();
  }

  private static String transport(Protocol protocol) {
    return protocol == Protocol.TTSTREAM ? "{streaming: ttstream}" : protocol.label();
  }

  /** A listener on a free port, with all that is not said as it is by default. */
  static ListenerConfig listener() {
    return ConfigLoader.load("testkit", passing(1, List.of()), List.of())
        .model()
        .listeners()
        .get("rpc");
  }
}
