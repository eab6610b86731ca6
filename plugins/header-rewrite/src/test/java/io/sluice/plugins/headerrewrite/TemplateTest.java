package io.sluice.plugins.headerrewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
  private static final String HELP =
      "there are {service}, {package}, {method}, {caller}, {identity}, {peer}, {protocol},"
          + " {route}, {cluster}, {listener} and {meta:KEY}; write {{ and }} for braces themselves";

  private final FakeCall call = new FakeCall();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | ''",
        "plain | plain",
        "{service} | Cart",
        "{package} | shop",
        "{method} | Add",
        "{caller} | web",
        "{identity} | jane",
        "{peer} | 10.1.2.3",
        "{protocol} | ttheader-framed",
        "{route} | shop.*",
        "{cluster} | cart",
        "{listener} | rpc",
        "{meta:X-User} | ann",
        "{meta:absent} | ''",
        "<{meta:absent}> | <>",
        "{package}.{service}/{method} | shop.Cart/Add",
        "{{ {{service}} }} | { {service} }",
        "{{{service}}} | {Cart}",
      })
  void placeholdersBecomeWhatTheCallHas(String text, String value) {
    call.metadata.sent("x-user", "ann");
    assertThat(Template.of(text).render(call)).isEqualTo(value);
  }

  @Test
  void aValueWithoutPlaceholdersIsMadeOnce() {
    Template template = Template.of("a{{b}}");
    assertThat(template.render(call)).isEqualTo("a{b}").isSameAs(template.render(call));
  }

  @Test
  void aPeerWithoutAnIpAddressIsToldAsWellAsItCan() {
    call.peer = InetSocketAddress.createUnresolved("some.host", 1);
    assertThat(Template.of("{peer}").render(call)).isEqualTo("some.host");
    call.peer = UnixDomainSocketAddress.of("/run/x");
    assertThat(Template.of("{peer}").render(call)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Service", "service ", "meta", "meta:", "foo"})
  void anUnknownPlaceholderIsRefusedWithThoseThereAre(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.of("a{" + name + "}"))
        .withMessageEndingWith(": " + HELP);
  }

  @Test
  void theMessageNamesThePlaceholder() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.of("a{foo}b"))
        .withMessage("unknown placeholder {foo}: " + HELP);
  }

  @Test
  void aBraceWithoutItsPartnerIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.of("a{service"))
        .withMessage("a '{' without its partner in 'a{service': " + HELP);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Template.of("a}b"))
        .withMessage("a '}' without its partner in 'a}b': " + HELP);
  }
}
