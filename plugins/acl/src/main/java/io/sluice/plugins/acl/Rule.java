package io.sluice.plugins.acl;

import io.sluice.api.Call;
import java.util.List;

/** A {@link RuleSetting}, checked and taken apart for use. Immutable. */
final class Rule {
  final Action action;
  private final Names callers;
  private final Names identities;
  private final Network[] networks;
  private final Services services;
  private final Names methods;

  private Rule(RuleSetting setting, Network[] networks) {
    this.action = setting.action();
    this.callers = Names.of(setting.callers());
    this.identities = Names.of(setting.identities());
    this.networks = networks;
    this.services = Services.of(setting.services());
    this.methods = Names.of(setting.methods());
  }

  /**
   * Takes a rule apart.
   *
   * @throws IllegalArgumentException if a network is none
   */
  static Rule of(RuleSetting setting) {
    List<Network> networks = setting.networks().stream().map(Network::parse).toList();
    return new Rule(setting, networks.toArray(Network[]::new));
  }

  /** Whether it has to be known where a call comes from. */
  boolean asksForAddress() {
    return networks.length > 0;
  }

  /**
   * Whether it is for a call.
   *
   * @param known whether the call comes from an address of IP
   * @param high its first half, as of {@link Address}
   * @param low its second half
   */
  boolean isFor(Call call, boolean known, long high, long low) {
    return methods.fit(call.method())
        && callers.fit(call.caller())
        && identities.fit(call.identity())
        && services.fit(call)
        && (networks.length == 0 || known && isWithin(high, low));
  }

  private boolean isWithin(long high, long low) {
    for (Network network : networks) {
      if (network.has(high, low)) {
        return true;
      }
    }
    return false;
  }
}
