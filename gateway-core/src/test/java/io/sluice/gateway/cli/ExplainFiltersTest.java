package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is told of the filters that a call passes. */
class ExplainFiltersTest {
  private static final String CONFIG =
      """
      listeners:
        rpc: {address: 'localhost:0', filters: [{use: made}]}
        bare: {address: 'localhost:0'}
      clusters:
        cart: {endpoints: ['a:1'], transport: framed, filters: [{use: made}]}
        canary: {endpoints: ['c:3'], transport: framed, filters: [{use: made}, {use: made}]}
      routes:
        - name: shop
          match: {service: shop.Cart}
          clusters: {cart: 9, canary: 1}
          filters: [{use: made, shadow: true, onError: open, when: {method: put}}]
      filters: [{use: made}]
      """;

  @TempDir private Path folder;
  @TempDir private Path plugins;

  private String explain(String listener, String service) throws IOException {
    PluginJar.of("maker", "1.0.0").with(PluginJar.MADE).writeTo(plugins.resolve("maker.jar"));
    Path file = Files.writeString(folder.resolve("gateway.yaml"), CONFIG);
    Ran ran =
        Ran.of(
            new ExplainCommand(),
            "--config=" + file,
            "--plugins=" + plugins,
            "--listener=" + listener,
            "--service=" + service,
            "--method=get");
    assertThat(ran.err()).isEmpty();
    return ran.out().replace(file + ":", "line ");
  }

  @Test
  void allThatACallPassesWithWhereTheyComeFrom() throws IOException {
    assertThat(explain("rpc", "shop.Cart"))
        .contains(
            """
            filters  1. made (global, line 12)
                     2. made (listener rpc, line 2)
                     3. made (route shop, line 11), a shadow, open on errors, does not see the call: method is 'get', not 'put'
                     4. made (cluster cart, line 5)
                     4. made (cluster canary, line 6)
                     5. made (cluster canary, line 6)
            """);
    assertThat(explain("bare", "shop.Cart"))
        .contains("filters  1. made (global, line 12)\n         2. made (route shop, line 11)");
  }

  @Test
  void thoseOfACallThatNoRouteTakes() throws IOException {
    assertThat(explain("rpc", "strange"))
        .contains(
            """
            filters  1. made (global, line 12)
                     2. made (listener rpc, line 2)
            """)
        .doesNotContain("3. made");
  }
}
