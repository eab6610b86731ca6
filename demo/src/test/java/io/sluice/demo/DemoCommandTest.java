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

    /** The rows of the first table, each run of spaces in them made one. */
    List<String> rows() {
      return out.lines()
          .skip(2)
          .takeWhile(line -> !line.isEmpty())
          .map(line -> line.replaceAll(" +", " "))
          .toList();
    }

    /** The first row that begins so. */
    String row(String start) {
      return rows().stream()
          .filter(row -> row.startsWith(start + ' '))
          .findFirst()
          .orElse("no row " + start);
    }
  }

  @Test
  void everyKindOfCallByEveryProtocolGivesTheRightResult() {
    Run run = Run.of(CONFIG, FREE_PORTS);

    assertThat(run.err).isEmpty();
    assertThat(run.rows()).allMatch(row -> row.matches(".* [1-9]\\d*"));
    assertThat(run.rows().stream().map(row -> row.substring(0, row.lastIndexOf(' '))))
        .containsExactlyElementsOf(
            """
            buffered unary (not told)/get legacy header-rewrite > header-rewrite users ttheader-framed reframed ok
            framed unary (not told)/get legacy header-rewrite > header-rewrite users ttheader-framed reframed ok
            ttheader unary UserProfile/get User* header-rewrite > - users ttheader-framed reframed ok
            ttheader-framed unary Orders/get Orders header-rewrite > header-rewrite orders framed reframed ok
            ttheader mux unary UserProfile/get User* header-rewrite > - users ttheader-framed as it came ok
            kitex protobuf unary UserSearch/Get User* header-rewrite > - users ttheader-framed as it came ok
            grpc protobuf unary shop.Cart/Get Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc protobuf client shop.Cart/Put Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc protobuf server shop.Cart/List Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc protobuf bidi shop.Cart/Talk Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc thrift unary shop.Cart/get Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc thrift client shop.Cart/put Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc thrift server shop.Cart/list Cart header-rewrite > header-rewrite cart grpc as it came ok
            grpc thrift bidi shop.Cart/talk Cart header-rewrite > header-rewrite cart grpc as it came ok
            ttstream client Chat/put Chat header-rewrite > - chat ttstream as it came ok
            ttstream server Chat/list Chat header-rewrite > - chat ttstream as it came ok
            ttstream bidi Chat/talk Chat header-rewrite > - chat ttstream as it came ok
            grpc thrift unary UserProfile/get User* header-rewrite > - users ttheader-framed translated ok
            grpc thrift unary Chat/get Chat/get header-rewrite > - chat ttheader-framed translated ok
            grpc protobuf unary UserSearch/Get User* header-rewrite > - users ttheader-framed translated ok
            ttheader-framed unary Cart/get Cart header-rewrite > header-rewrite cart grpc translated ok
            kitex protobuf unary Cart/Get Cart header-rewrite > header-rewrite cart grpc translated ok
            grpc thrift client Chat/put Chat header-rewrite > - chat ttstream translated ok
            grpc thrift server Chat/list Chat header-rewrite > - chat ttstream translated ok
            grpc thrift bidi Chat/talk Chat header-rewrite > - chat ttstream translated ok
            ttstream client Cart/put Cart header-rewrite > header-rewrite cart grpc translated ok
            ttstream server Cart/list Cart header-rewrite > header-rewrite cart grpc translated ok
            ttstream bidi Cart/talk Cart header-rewrite > header-rewrite cart grpc translated ok
            """
                .lines()
                .toList());
    assertThat(run.out).contains("All 28 calls gave the right result.");
    assertThat(run.code).isZero();
  }

  @Test
  void aFilterThatDoesSomethingElseIsAWrongResult(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "x-tier: gold", "x-tier: silver");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("grpc protobuf unary"))
        .contains("WRONG: the service did not see x-tier=gold");
    assertThat(run.row("ttstream bidi Cart/talk")).contains("WRONG: ");
    assertThat(run.row("framed")).contains(" ok ");
    assertThat(run.out).contains("13 of 28 calls went wrong.");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void aCallThatNoRouteTakesIsAWrongResult(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "service: Chat}", "service: Other}");
    changed =
        changed(folder, changed, "- name: legacy", "- match: {prefix: Old}\n    name: legacy");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("ttstream bidi Chat/talk")).contains("WRONG: ", "unknown service Chat");
    assertThat(run.row("grpc thrift bidi Chat/talk")).contains("WRONG: ", "grpc-status 12");
    assertThat(run.row("framed")).contains("WRONG: ");
    assertThat(run.row("ttheader-framed")).contains(" ok ");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void aCallThatReachesItsServiceByAnotherProtocolIsAWrongResult(@TempDir Path folder)
      throws IOException {
    Path changed =
        changed(
            folder,
            "{unary: ttheader-framed, streaming: none}",
            "{unary: ttheader, streaming: none}");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("buffered"))
        .contains("WRONG: the service got it by ttheader in place of ttheader-framed");
    assertThat(run.row("grpc protobuf unary UserSearch/Get")).contains(" translated ok ");
    assertThat(run.code).isEqualTo(1);
  }

  @Test
  void aCallThatCannotBeTranslatedIsAWrongResult(@TempDir Path folder) throws IOException {
    Path changed = changed(folder, "    mode: stream\n", "");

    Run run = Run.of(changed, FREE_PORTS);

    assertThat(run.row("grpc thrift bidi Chat/talk"))
        .contains(
            "WRONG: grpc-status 12: ", "its route has to say 'mode: unary' or 'mode: stream'");
    assertThat(run.row("grpc thrift unary Chat/get")).contains(" ok ");
    assertThat(run.row("ttstream bidi Chat/talk")).contains(" ok ");
    assertThat(run.out).contains("3 of 28 calls went wrong.");
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
