package io.sluice.gateway.config;

import io.sluice.gateway.config.ListenerConfig.Serves;
import java.util.List;
import java.util.Set;

/** Checks what matches say of the rest of the file; see {@link ConfigChecks}. */
final class MatchChecks {
  private final GatewayConfig config;
  private final Positions positions;
  private final Faults faults;

  MatchChecks(GatewayConfig config, Positions positions, Faults faults) {
    this.config = config;
    this.positions = positions;
    this.faults = faults;
  }

  /** Checks which calls filters of a list see. */
  void check(List<FilterUse> uses) {
    for (FilterUse use : uses) {
      MatchConfig when = use.when();
      if (when == null || positions.isFaulty(when)) {
        continue;
      }
      if (when.equals(MatchConfig.ALL)) {
        faults.add(
            positions.ofValue(use, "when"),
            "'when' without a condition",
            "a filter that sees all calls has none");
      }
      check(when);
    }
  }

  /** Checks which calls something is for. */
  void check(MatchConfig match) {
    String name = match.listener();
    if (name == null) {
      return;
    }
    Mark at = positions.ofValue(match, "listener");
    Set<String> defined = positions.keys(config, "listeners");
    ListenerConfig listener = config.listeners().get(name);
    if (!defined.contains(name)) {
      faults.add(
          at,
          "listener " + Faults.quote(name) + " is not defined",
          Spelling.hint(name, defined, "there are "));
    } else if (listener != null && listener.serves() == Serves.ADMIN) {
      faults.add(
          at, "listener " + Faults.quote(name) + " serves no calls", "name one that serves rpc");
    }
  }
}
