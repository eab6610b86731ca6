package io.sluice.gateway;

import static io.sluice.gateway.testkit.FollowingGateway.config;
import static io.sluice.gateway.testkit.FollowingGateway.soon;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.gateway.config.LastGood;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.FollowingGateway;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Warnings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A gateway starts, and its file is refused. */
class LastGoodTest {
  private static final String BROKEN = "listeners: {rpc: {adress: '127.0.0.1:0'}}\n";

  @TempDir private Path folder;

  private LastGood kept() {
    return new LastGood(folder.resolve("state"), folder.resolve("gateway.yaml"));
  }

  /** What is kept, empty if nothing is. */
  private String text() {
    LastGood.Kept kept = kept().read();
    return kept == null ? "" : kept.text();
  }

  @Test
  void whatRanLastRunsUntilTheFileIsRight() {
    try (Downstream downstream = Downstream.echoing()) {
      String first = config(1);
      String last = config(downstream.port());
      try (FollowingGateway gateway = FollowingGateway.start(folder, first)) {
        soon(() -> assertThat(text()).isEqualTo(first));
        gateway.configure(last);
        soon(() -> assertThat(text()).isEqualTo(last));
        gateway.configure(BROKEN);
        soon(() -> assertThat(gateway.page("/readyz?verbose")).contains("config refused"));
        assertThat(text()).isEqualTo(last);
      }

      try (Warnings warnings = new Warnings();
          FollowingGateway gateway = FollowingGateway.start(folder, BROKEN);
          Peer caller = gateway.connect()) {
        caller.call("echo", 1, Thrifts.args("hi"));
        assertThat(warnings.only())
            .startsWith("CONFIGURATION REFUSED, starting with the last good one, of ")
            .contains(gateway.file() + ":1:19: unknown key 'adress': did you mean 'address'?");
        assertThat(gateway.page("/readyz?verbose"))
            .startsWith("ready\nconfig " + kept().path() + ", generation 1")
            .contains("\nconfig is the last good one, of ")
            .containsPattern("\nconfig refused, since \\S+Z: ")
            .contains(gateway.file() + ":1:19: unknown key 'adress'");
        assertThat(gateway.page("/metrics")).contains("sluice_config_refused 1.0");

        String right = last.replace("{cluster: backend}", "{cluster: backend, timeout: 9s}");
        gateway.configure(right);
        soon(
            () ->
                assertThat(gateway.page("/readyz?verbose"))
                    .startsWith("ready\nconfig " + gateway.file() + ", generation 2")
                    .doesNotContain("last good")
                    .doesNotContain("refused"));
        soon(() -> assertThat(text()).isEqualTo(right));
      }
    }
  }

  @Test
  void filesThatItNamesAreWhereTheyWere() throws IOException {
    Files.writeString(folder.resolve("word"), "open sesame\n");
    String last = config(1) + "redis: {endpoints: ['127.0.0.1:1'], password: {file: word}}\n";
    try (FollowingGateway gateway = FollowingGateway.start(folder, last)) {
      soon(() -> assertThat(text()).as(gateway.file()).isEqualTo(last));
    }

    try (FollowingGateway gateway = FollowingGateway.start(folder, BROKEN)) {
      assertThat(gateway.page("/readyz?verbose")).contains("\nconfig is the last good one, of ");
    }
  }

  /** Without a filter that was to guard calls none are let through. */
  @Test
  void withoutThePluginThatItUsesNothingStarts() throws IOException {
    Path jar = Files.createDirectories(folder.resolve("plugins")).resolve("maker.jar");
    byte[] good = PluginJar.of("maker", "1.0.0").with(PluginJar.MADE).bytes();
    Files.write(jar, good);
    String using = config(1, "{use: made}");
    try (FollowingGateway gateway = FollowingGateway.start(folder, using)) {
      soon(() -> assertThat(text()).isEqualTo(using));
      gateway.put("maker.jar", Arrays.copyOf(good, good.length / 2));
      soon(() -> assertThat(gateway.page("/plugins")).contains("it is no whole jar"));
    }

    try (Warnings warnings = new Warnings()) {
      assertThatThrownBy(() -> FollowingGateway.start(folder, using).close())
          .hasStackTraceContaining("gateway.yaml:6:17: unknown filter 'made'");
      assertThat(warnings.lines())
          .anySatisfy(line -> assertThat(line).contains("it is no whole jar", "maker.jar"));
    }
  }

  @Test
  void withoutOneTheStartFailsWithTheFaults() {
    assertThatThrownBy(() -> FollowingGateway.start(folder, BROKEN).close())
        .hasStackTraceContaining("gateway.yaml:1:19: unknown key 'adress'");
  }

  @Test
  void oneThatIsNoneAnyMoreIsNotUsed() throws IOException {
    Files.createDirectories(kept().path().getParent());
    Files.writeString(kept().path(), "listeners: [");

    assertThatThrownBy(() -> FollowingGateway.start(folder, BROKEN).close())
        .hasStackTraceContaining("gateway.yaml:1:19: unknown key 'adress'");
  }

  @Test
  void itIsForOneFileAndOneReader() throws IOException {
    LastGood of = kept();
    of.write("a");
    of.write("b");

    assertThat(of.read().text()).isEqualTo("b");
    assertThat(new LastGood(folder.resolve("state"), folder.resolve("other.yaml")).read()).isNull();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(of.path())))
        .isEqualTo("rw-------");
    try (var files = Files.list(folder.resolve("state"))) {
      assertThat(files).containsExactly(of.path());
    }
  }

  @Test
  void whereItCannotBeKeptThatIsSaidOnce() throws IOException {
    Files.writeString(folder.resolve("state"), "no folder");
    try (Warnings warnings = new Warnings()) {
      LastGood of = kept();
      of.write("a");
      of.write("b");
      assertThat(warnings.only()).startsWith("the configuration that runs cannot be kept");
    }
  }
}
