package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.interop.harness.Distribution;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Guide;
import io.sluice.interop.harness.Guide.Part;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.PluginJar;
import io.sluice.interop.harness.Ports;
import io.sluice.interop.harness.RawConnection;
import io.sluice.interop.harness.Shell;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/plugins.md tells a new author to do, done word for word on the unpacked zip. */
final class PluginGuideTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** A port of the demo. */
  private static final Pattern PORT = Pattern.compile("\\b1888([0-5])\\b");

  private static final Pattern CLASS = Pattern.compile("public final class (\\w+)");

  @TempDir Path folder;
  private Distribution distribution;
  private Path page;

  @BeforeEach
  void unpack() {
    distribution = Distribution.unpack(folder);
    page = distribution.home().resolve("docs/plugins.md");
  }

  /** Where the demo's ports are taken by something else, only these numbers are other ones. */
  private void moveTo(int tens) throws IOException {
    for (Path file : List.of(page, distribution.home().resolve("conf/demo.yaml"))) {
      String text = Files.readString(file);
      String moved = PORT.matcher(text).replaceAll(tens + "$1");
      assertThat(moved).as("%s has ports of the demo", file).isNotEqualTo(text);
      Files.writeString(file, moved);
    }
  }

  @Test
  void theGuideIsRightWordForWord() throws IOException {
    moveTo(Ports.freeTen() / 10);
    List<Part> parts = Guide.of(page).until("## Reference");
    assertThat(parts).hasSizeGreaterThan(8);
    try (Shell shell = new Shell(distribution.home())) {
      parts.forEach(shell::follow);
    }
  }

  @Test
  void settingsMayBeWhatTheReferenceHas() {
    List<String> records = Guide.of(page).blocks("### Settings", "java");
    assertThat(records).hasSize(1);
    String source =
        """
        import io.sluice.api.*;
        import java.time.Duration;
        import java.util.*;
        import org.jspecify.annotations.Nullable;

        class Reference {
        %s
        }
        """;
    PluginJar.of("reference", "Reference", source.formatted(records.get(0)));
  }

  @Test
  void aBalancerASourceAndASinkAreWhatTheReferenceHas() throws IOException {
    Guide guide = Guide.of(page);
    List<String> sources = guide.blocks("### More than filters", "java");
    assertThat(sources).hasSize(3);
    for (String source : sources) {
      Matcher name = CLASS.matcher(source);
      assertThat(name.find()).as(source).isTrue();
      String id = name.group(1).toLowerCase(Locale.ROOT);
      byte[] jar = PluginJar.of(id, name.group(1), source).bytes();
      Files.write(distribution.home().resolve("plugins").resolve(id + ".jar"), jar);
    }
    try (Peers.Server one = Peers.server();
        Peers.Server other = Peers.server();
        ServerSocket collector = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      collector.setSoTimeout((int) LIMIT.toMillis());
      Path endpoints = folder.resolve("orders.txt");
      Files.writeString(endpoints, text(one.address()) + '\n' + text(other.address()) + '\n');
      String config = guide.blocks("### More than filters", "yaml").get(0);
      config = with(config, "127.0.0.1:8888", "127.0.0.1:0");
      config = with(config, "/etc/sluice/orders.txt", endpoints.toString());
      config = with(config, "5140", Integer.toString(collector.getLocalPort()));
      try (GatewayProcess gateway =
              GatewayProcess.with(config)
                  .command(distribution.command())
                  .env("SLUICE_ARCHIVE", "off")
                  .start();
          RawConnection caller = RawConnection.to(gateway.address())) {
        call(caller, "first");
        try (Socket accepted = collector.accept()) {
          accepted.setSoTimeout((int) LIMIT.toMillis());
          BufferedReader lines =
              new BufferedReader(
                  new InputStreamReader(accepted.getInputStream(), StandardCharsets.UTF_8));
          endpoint(lines);
          follows(caller, lines, endpoints, Set.of(text(one.address()), text(other.address())));
        }
      }
    }
  }

  /** Calls of one user stay at one endpoint, and go over when the file has only the other. */
  private static void follows(
      RawConnection caller, BufferedReader lines, Path file, Set<String> both) throws IOException {
    String kept = asked(caller, lines, "alice");
    for (int i = 0; i < 5; i++) {
      assertThat(asked(caller, lines, "alice")).isEqualTo(kept);
    }
    Set<String> used = new HashSet<>();
    for (int i = 0; i < 10; i++) {
      used.add(asked(caller, lines, Integer.toString(i)));
    }
    assertThat(used).isEqualTo(both);
    String other =
        both.stream().filter(endpoint -> !endpoint.equals(kept)).findFirst().orElseThrow();
    GatewayProcess.replace(file, other.getBytes(StandardCharsets.UTF_8));
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(asked(caller, lines, "alice")).isEqualTo(other));
  }

  private static String with(String config, String said, String meant) {
    assertThat(config).contains(said);
    return config.replace(said, meant);
  }

  private static String text(InetSocketAddress address) {
    return "127.0.0.1:" + address.getPort();
  }

  private static void call(RawConnection caller, String user) {
    caller.exchange(
        Message.call(Framing.TTHEADER_FRAMED, "Orders", "get", 1, Message.text("x"))
            .with("x-user", user));
  }

  /** The endpoint of such a call, as the access log has it. */
  private static String asked(RawConnection caller, BufferedReader lines, String user)
      throws IOException {
    call(caller, user);
    return endpoint(lines);
  }

  private static String endpoint(BufferedReader lines) throws IOException {
    return new ObjectMapper().readTree(lines.readLine()).path("endpoint").asText();
  }
}
