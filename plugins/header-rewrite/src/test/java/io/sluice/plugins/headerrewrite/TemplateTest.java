package io.sluice.plugins.headerrewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.testkit.Request;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
  private static final String HELP =
      "there are {service}, {package}, {method}, {caller}, {identity}, {peer}, {protocol},"
          + " {route}, {cluster}, {listener} and {meta:KEY}; write {{ and }} for braces themselves";

  private final Call call =
      Request.by(Protocol.GRPC).to("shop.Cart", "Add").from("web").at("10.1.2.3").toCall();

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
        "{protocol} | grpc",
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
    call.metadata().add("x-user", "ann");
    call.identity("jane");
    ((RpcCall) call).routed("shop.*", "cart");
    assertThat(Template.of(text).render(call)).isEqualTo(value);
  }

  @Test
  void aValueWithoutPlaceholdersIsMadeOnce() {
    Template template = Template.of("a{{b}}");
    assertThat(template.render(call)).isEqualTo("a{b}").isSameAs(template.render(call));
  }

  @Test
  void aPeerWithoutAnIpAddressIsToldAsWellAsItCan() {
    assertThat(peer(InetSocketAddress.createUnresolved("some.host", 1))).isEqualTo("some.host");
    assertThat(peer(UnixDomainSocketAddress.of("/run/x"))).isEmpty();
  }

  private static String peer(SocketAddress address) {
    Call call =
        new RpcCall(
            Protocol.FRAMED,
            Codec.THRIFT,
            "rpc",
            new Peer(address),
            "",
            "",
            "Add",
            new Headers(Headers.Dialect.TTHEADER));
    return Template.of("{peer}").render(call);
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
