package io.sluice.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Runs the command in this process, over real sockets, with the configuration that is shipped. */
class DemoCommandTest {
  private static final Path CONFIG = Path.of("..", "conf", "demo.yaml");
  private static final String FREE_PORTS = "--port-base=0";

  private record Run(int code, String out, String err) {
    static Run of(Path config, String... more) {
      StringWriter out = new StringWriter();
      StringWriter err = new StringWriter();
      CommandLine line =
          new CommandLine(new DemoCommand())
              .setOut(new PrintWriter(out, true))
              .setErr(new PrintWriter(err, true));
      String[] args = new String[more.length + 2];
      args[0] = "--once";
      args[1] = "--config=" + config;
      System.arraycopy(more, 0, args, 2, more.length);
      return new Run(line.execute(args), out.toString(), err.toString());
    }

    /** The first line that begins so, each run of spaces in it made one. */
    String row(String title) {
      return out.lines()
          .filter(line -> line.startsWith(title + "  "))
          .findFirst()
          .orElse("no row " + title)
          .replaceAll(" +", " ");
    }
  }

  @Test
  void everyProtocolGetsItsRowAndTheRightResult() {
    Run run = Run.of(CONFIG, FREE_PORTS);

    assertThat(run.err).isEmpty();
    String both = "header-rewrite > header-rewrite";
    assertThat(run.row("framed"))
        .startsWith("framed (not told)/get legacy " + both + " users: ttheader-framed ok ");
    assertThat(run.row("buffered"))
        .startsWith("buffered (not told)/get legacy " + both + " users: ttheader-framed ok ");
    assertThat(run.row("ttheader"))
        .startsWith("ttheader UserProfile/get User* header-rewrite > - users: ttheader-framed ok ");
    assertThat(run.row("ttheader-framed"))
        .startsWith("ttheader-framed Orders/get Orders " + both + " orders: framed ok ");
    assertThat(run.row("ttheader mux"))
        .startsWith(
            "ttheader mux UserProfile/get User* header-rewrite > - users: ttheader-framed ok ");
    assertThat(run.row("kitex protobuf"))
        .startsWith(
            "kitex protobuf UserSearch/Get User* header-rewrite > - users: ttheader-framed ok ");
    assertThat(run.row("grpc unary"))
        .startsWith("grpc unary shop.Cart/Get shop.* " + both + " cart: grpc ok ");
    assertThat(run.row("grpc bidi"))
        .startsWith("grpc bidi shop.Cart/Watch shop.* " + both + " cart: grpc ok ");
    assertThat(run.row("ttstream bidi"))
        .startsWith("ttstream bidi Chat/talk Chat header-rewrite > - chat: ttstream ok ");
    for (String title :
        List.of("framed", "buffered", "ttheader mux", "grpc bidi", "ttstream bidi")) {
      assertThat(run.row(title)).matches(".* [1-9]\\d*");
    }
    assertThat(run.out).contains("All 9 calls gave the right result.");
    assertThat(run.code).isZero();
  }

  @Test
  void aFilterThatDoesSomethingElseIsAWrongResult(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "x-tier: gold", "x-tier: silver");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("grpc unary")).contains("WRONG: the service did not see x-tier=gold");
    assertThat(run.row("framed")).contains(" ok ");
    assertThat(run.out).contains("2 of 9 calls went wrong.");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void aCallThatNoRouteTakesIsAWrongResult(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "service: Chat}", "service: Other}");
    changed =
        changed(folder, changed, "- name: legacy", "- match: {prefix: Old}\n    name: legacy");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("ttstream bidi")).contains("WRONG: ").contains("unknown service");
    assertThat(run.row("framed")).contains("WRONG: ");
    assertThat(run.row("ttheader-framed")).contains(" ok ");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void aTakenPortIsToldInOneLine(@TempDir Path folder) throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      Run run = Run.of(changed(folder, "18883", Integer.toString(port)));

      assertThat(run.err.lines()).hasSize(1);
      assertThat(run.err).contains("port " + port + " of 127.0.0.1", "--port-base");
      assertThat(run.out).isEmpty();
      assertThat(run.code).isEqualTo(1);
    }
  }

  @Test
  void faultsOfTheConfigurationAreToldWithTheirPlace(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "cluster: chat", "cluster: caht");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.err).startsWith(changed.toString() + ":").contains("caht");
    assertThat(run.err).doesNotContain("\tat ");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void portsThatDoNotFitAreRefused() {
    Run run = Run.of(CONFIG, "--port-base=65534");

    assertThat(run.err.lines()).hasSize(1);
    assertThat(run.err).contains("--port-base 65534");
    assertThat(run.code).isEqualTo(1);
  }

  private static Path changed(Path folder, String from, String to) throws IOException {
    return changed(folder, CONFIG, from, to);
  }

  private static Path changed(Path folder, Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    return Files.writeString(folder.resolve("demo.yaml"), text.replace(from, to));
  }
}
