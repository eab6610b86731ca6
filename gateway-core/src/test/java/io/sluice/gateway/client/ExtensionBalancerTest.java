package io.sluice.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.gateway.cli.Plugins;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A load balancer out of a jar. */
class ExtensionBalancerTest {

  /** The method's name says which; one that may not take the call is left out if it says so. */
  private static final String BY_METHOD =
      """
      import io.sluice.api.*;
      import org.pf4j.Extension;

      @Extension
      public class ByMethod implements LoadBalancerFactory<ByMethod.Settings> {
        public record Settings(@Setting(value = "Added.", fallback = "0") int plus) {}
        @Override public String name() { return "by-method"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public LoadBalancer create(Settings settings) {
          if (settings.plus() < 0) {
            throw new IllegalArgumentException("it only adds");
          }
          return (call, endpoints) -> {
            if (call.method().equals("throw")) {
              throw new IllegalStateException("cannot choose");
            }
            if (call.method().equals("error")) {
              throw new AssertionError("cannot be");
            }
            if (call.method().equals("calls")) {
              return endpoints.calls(0) == 0 && endpoints.weight(1) == 3
                  && endpoints.address(1).startsWith("127.0.0.1:") ? 1 : 0;
            }
            int wanted = Integer.parseInt(call.method()) + settings.plus();
            return wanted < endpoints.size() && !endpoints.mayTake(wanted) ? 1 - wanted : wanted;
          };
        }
      }
      """;

  @TempDir private Path jars;
  private Plugins plugins;
  private Downstream zero;
  private Downstream one;

  @BeforeEach
  void start() throws Exception {
    PluginJar.of("by-method", "1.0.0").with(BY_METHOD).writeTo(jars.resolve("by-method.jar"));
    plugins = Plugins.of(jars, Set.of());
    zero = named("zero");
    one = named("one");
  }

  @AfterEach
  void stop() {
    zero.close();
    one.close();
    plugins.close();
  }

  private static Downstream named(String name) {
    return Downstream.serving(
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            peer.send(Thrifts.reply(m, name));
          }
        });
  }

  private TestGateway run(String balance) {
    return TestGateway.start(
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          both:
            endpoints: ['127.0.0.1:%d', {address: '127.0.0.1:%d', weight: 3}]
            transport: framed
            balance: %s
        routes: [{cluster: both}]
        """
            .formatted(zero.port(), one.port(), balance),
        1,
        plugins.factories());
  }

  private static String ask(Peer caller, String method) {
    return Thrifts.text(caller.call(method, 1, Thrifts.args("?")).body());
  }

  @Test
  void itChoosesByTheCallAndByWhatItSeesOfTheEndpoints() {
    try (TestGateway gateway = run("{use: by-method}");
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        assertThat(ask(caller, "0")).isEqualTo("zero");
        assertThat(ask(caller, "1")).isEqualTo("one");
        assertThat(ask(caller, "calls")).isEqualTo("one");
      }
    }
    try (TestGateway gateway = run("{use: by-method, with: {plus: 1}}");
        Peer caller = gateway.connect()) {
      assertThat(ask(caller, "0")).isEqualTo("one");
    }
  }

  @Test
  void itIsAskedAgainForAnotherWhenTheFirstCannotBeReached() {
    try (TestGateway gateway = run("{use: by-method}");
        Peer caller = gateway.connect()) {
      one.refuse();
      assertThat(ask(caller, "1")).isEqualTo("zero");
      assertThat(ask(caller, "1")).isEqualTo("zero");
    }
  }

  @Test
  void aBadChoiceCostsNoCallAndIsLoggedNowAndThen() {
    try (Warnings log = new Warnings();
        TestGateway gateway = run("{use: by-method}");
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 3; i++) {
        assertThat(ask(caller, "99")).isEqualTo("zero");
        assertThat(ask(caller, "throw")).isEqualTo("zero");
        assertThat(ask(caller, "error")).isEqualTo("zero");
      }
      assertThat(log.only())
          .startsWith(
              "load balancer 'by-method' chose endpoint 99, which may not take the call;"
                  + " the first endpoint that may take the call does");
    }
  }

  @Test
  void faultsAreInTheirPlaces() {
    assertThatThrownBy(() -> run("by-method"))
        .hasMessageStartingWith("test.yaml:6:14: 'by-method' is not known here");
    assertThatThrownBy(() -> run("{use: by-methods}"))
        .hasMessage(
            "test.yaml:6:20: unknown load balancer 'by-methods': did you mean 'by-method'?"
                + " known are by-method");
    assertThatThrownBy(() -> run("{use: by-method, with: {plus: -1}}"))
        .hasMessage("test.yaml:6:20: load balancer 'by-method': it only adds");
  }
}
