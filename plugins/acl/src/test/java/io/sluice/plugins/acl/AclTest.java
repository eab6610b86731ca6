package io.sluice.plugins.acl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.api.FilterFactory;
import io.sluice.api.Glob;
import io.sluice.api.Status;
import io.sluice.gateway.testkit.Trial;
import io.sluice.gateway.testkit.Who;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

/** Which rule is for which call, and what its caller is told. */
class AclTest {
  private static final Status DENIED = Status.exception(6, "request forbidden: not allowed");

  private static Trial trial(String rules, String otherwise) {
    return new Trial(
        "  - {use: who}\n  - {use: acl, with: {rules: [%s], otherwise: %s}}"
            .formatted(rules, otherwise),
        new Who(),
        new AclFactory());
  }

  private static boolean passes(
      Trial trial, String caller, String service, String method, String who) {
    Map<String, String> strings = who.isEmpty() ? Map.of() : Map.of("who", who);
    Status status = trial.ttheader(caller, service, method, strings).status();
    assertThat(status).isIn(Status.OK, DENIED);
    return status.isOk();
  }

  @Test
  void theFactoryIsFoundAsAService() {
    assertThat(ServiceLoader.load(FilterFactory.class))
        .singleElement()
        .satisfies(factory -> assertThat(factory.name()).isEqualTo("acl"));
  }

  @Test
  void itComesAfterWhoTellsIdentitiesIfARuleAsksForThem() {
    RuleSetting anybody = rule(List.of());
    RuleSetting known = rule(List.of(Glob.parse("?*")));
    assertThat(comesAfter(anybody, anybody)).isEmpty();
    assertThat(comesAfter(anybody, known)).containsExactly("key-auth", "jwt-auth");
  }

  private static RuleSetting rule(List<Glob> identities) {
    return new RuleSetting(Action.DENY, List.of(), identities, List.of(), List.of(), List.of());
  }

  private static List<String> comesAfter(RuleSetting... rules) {
    return new AclFactory().comesAfter(new AclSettings(List.of(rules), Action.ALLOW));
  }

  @Test
  void theFirstRuleThatIsForACallDecides() {
    String rules =
        """
        {action: deny, methods: ["delete*"], callers: [batch, "temp-?"]},
        {action: allow, services: ["shop.*", Cart], identities: [jane, "*@ops"]},
        {action: allow, callers: ["?*"], services: [Open]}
        """;
    try (Trial trial = trial(rules, "deny")) {
      assertThat(passes(trial, "web", "Cart", "add", "jane")).isTrue();
      assertThat(passes(trial, "web", "shop.Users", "deleteAll", "joe@ops")).isTrue();
      assertThat(passes(trial, "web", "shop.Users", "add", "joe")).isFalse();
      assertThat(passes(trial, "web", "shop.Users", "add", "")).isFalse();
      assertThat(passes(trial, "batch", "Cart", "delete", "jane")).isFalse();
      assertThat(passes(trial, "temp-1", "Cart", "delete", "jane")).isFalse();
      assertThat(passes(trial, "temp-10", "Cart", "delete", "jane")).isTrue();
      assertThat(passes(trial, "batch", "Cart", "add", "jane")).isTrue();
      assertThat(passes(trial, "web", "Open", "add", "")).isTrue();
      assertThat(passes(trial, "", "Open", "add", "")).isFalse();
      assertThat(trial.gateway().registry().get("sluice.acl.denied").counter().count())
          .isEqualTo(5);
    }
  }

  @Test
  void aServiceFitsWithItsPackageOrWithout() {
    try (Trial trial = trial("{action: deny, services: [shop.Cart, Users, 'a.*.Deep']}", "allow")) {
      Status denied = Status.grpc(7, "request forbidden: not allowed");
      assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status()).isEqualTo(denied);
      assertThat(trial.grpc("/Cart/Add", Map.of()).status()).isEqualTo(Status.OK);
      assertThat(trial.grpc("/other.Cart/Add", Map.of()).status()).isEqualTo(Status.OK);
      assertThat(trial.grpc("/shop.Users/Add", Map.of()).status()).isEqualTo(denied);
      assertThat(trial.grpc("/a.b.c.Deep/Add", Map.of()).status()).isEqualTo(denied);
      assertThat(trial.grpc("/a.Deep/Add", Map.of()).status()).isEqualTo(Status.OK);
    }
  }

  @Test
  void networksAreThoseOfTheConnection() {
    try (Trial trial = trial("{action: allow, networks: [10.0.0.0/8, 127.0.0.0/8]}", "deny")) {
      assertThat(passes(trial, "web", "Cart", "add", "")).isTrue();
    }
    try (Trial trial = trial("{action: allow, networks: [10.0.0.0/8, '::/1']}", "deny")) {
      assertThat(passes(trial, "web", "Cart", "add", "")).isTrue();
    }
    try (Trial trial = trial("{action: allow, networks: [10.0.0.0/8, '::1']}", "deny")) {
      assertThat(passes(trial, "web", "Cart", "add", "")).isFalse();
    }
  }

  @Test
  void callersOfEveryProtocolAreTold() {
    try (Trial trial = trial("{action: deny}", "allow")) {
      assertThat(trial.framed("add").status()).isEqualTo(DENIED);
      assertThat(trial.ttstream().status()).isEqualTo(DENIED);
      assertThat(trial.grpc("/Cart/Add", Map.of()).status().number()).isEqualTo(7);
    }
  }

  @Test
  void whatCannotBeUsedIsRefusedWithItsPlace() {
    assertThatThrownBy(() -> trial("", "deny"))
        .hasMessageContaining("there are no rules: give at least one");
    assertThatThrownBy(
            () -> trial("{action: deny}, {action: allow, networks: [10.0.0.0/64]}", "deny"))
        .hasMessageContaining("rules[1].networks: '10.0.0.0/64' is no network");
    assertThatThrownBy(() -> trial("{action: refuse}", "deny"))
        .hasMessageContaining("'refuse' is not known here");
  }
}
