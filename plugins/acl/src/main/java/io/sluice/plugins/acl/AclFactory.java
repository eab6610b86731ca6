package io.sluice.plugins.acl;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import java.util.ArrayList;
import java.util.List;
import org.pf4j.Extension;

/**
 * Makes the filter {@code acl}.
 *
 * <pre>
 * use: acl
 * with:
 *   rules:
 *     - {action: deny, services: ["shop.*"], methods: ["delete*"], callers: [batch]}
 *     - {action: allow, networks: [10.0.0.0/8]}
 *   otherwise: deny
 * </pre>
 */
@Extension
public final class AclFactory implements FilterFactory<AclSettings> {

  @Override
  public String name() {
    return "acl";
  }

  /** Those that say who a caller is, if a rule asks for that. */
  @Override
  public List<String> comesAfter(AclSettings settings) {
    return settings.rules().stream().allMatch(rule -> rule.identities().isEmpty())
        ? List.of()
        : List.of("key-auth", "jwt-auth");
  }

  @Override
  public Class<AclSettings> settings() {
    return AclSettings.class;
  }

  /**
   * @throws IllegalArgumentException if there is no rule, or a network is none
   */
  @Override
  public Filter create(AclSettings settings) {
    if (settings.rules().isEmpty()) {
      throw new IllegalArgumentException("there are no rules: give at least one");
    }
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < settings.rules().size(); i++) {
      try {
        rules.add(Rule.of(settings.rules().get(i)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("rules[" + i + "].networks: " + e.getMessage(), e);
      }
    }
    return new Acl(rules, settings.otherwise());
  }
}
