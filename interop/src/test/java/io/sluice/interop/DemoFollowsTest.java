package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.DemoProcess;
import io.sluice.interop.harness.Distribution;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.PluginJar;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar is dropped into the plugins folder of a demo that runs, as its guide says. */
final class DemoFollowsTest {
  private static final String ALL_RIGHT = "All 28 calls gave the right result.";
  private static final String ALL_WRONG = "28 of 28 calls went wrong.";

  private static final String SOURCE =
      """
      import io.sluice.api.*;
      import org.pf4j.Extension;

      @Extension
      public final class Doorman implements FilterFactory<Doorman.Settings> {
        public record Settings() {}
        @Override public String name() { return "doorman"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) {
          return new Filter() {
            @Override public Step onRequest(Call call) {
              return Step.reject(new Status(Status.Code.FORBIDDEN, 0, "not by " + call.protocol().label()));
            }
          };
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void everyProtocolPassesTheFilterThatIsThere() throws IOException {
    Distribution distribution = Distribution.unpack(folder);
    Path config = distribution.home().resolve("conf/demo.yaml");
    Path jar = distribution.home().resolve("plugins/doorman.jar");
    try (DemoProcess demo = DemoProcess.of(distribution)) {
      int seen = demo.awaitLine(ALL_RIGHT, 0);

      GatewayProcess.replace(jar, PluginJar.of("doorman", "Doorman", SOURCE).bytes());
      String text =
          Files.readString(config).replaceFirst("(?m)^filters:.*$", "filters:\n  - use: doorman");
      GatewayProcess.replace(config, text.getBytes(StandardCharsets.UTF_8));
      int refused = demo.awaitLine(ALL_WRONG, seen);
      List<String> told =
          demo.lines().subList(seen, refused).stream()
              .filter(line -> line.contains("WRONG: "))
              .toList();
      assertThat(told).hasSizeGreaterThanOrEqualTo(28).allMatch(line -> line.contains("not by "));
      for (String protocol :
          List.of("buffered", "framed", "ttheader", "ttheader-framed", "grpc", "ttstream")) {
        assertThat(told).anyMatch(line -> line.contains("not by " + protocol));
      }

      String open = SOURCE.replaceFirst("return Step.reject.*;", "return Step.NEXT;");
      GatewayProcess.replace(
          jar, PluginJar.of("doorman", "Doorman", open).says("Plugin-Version", "2.0.0").bytes());
      demo.awaitLine(ALL_RIGHT, refused);
    }
  }
}
