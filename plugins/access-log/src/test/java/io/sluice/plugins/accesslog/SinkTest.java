package io.sluice.plugins.accesslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.Factory;
import io.sluice.gateway.cli.Plugins;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.PluginJar;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines go to what another plugin brings. */
class SinkTest {
  private static final String SINK =
      """
      import io.sluice.api.*;
      import java.nio.file.*;
      import org.pf4j.Extension;

      @Extension
      public class Notes implements AccessLogSinkFactory<Notes.Settings> {
        public record Settings(
            @Setting(value = "Where they are written.", required = true) String folder,
            @Setting(value = "Whether it fails.", fallback = "false") boolean fails) {}

        @Override public String name() { return "notes"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public AccessLogSink create(Settings settings) {
          if (settings.folder().isEmpty()) {
            throw new IllegalArgumentException("name a folder");
          }
          Path folder = Path.of(settings.folder());
          return new AccessLogSink() {
            @Override public void start(FilterContext context) throws Exception {
              Files.writeString(folder.resolve("started"), "");
            }
            @Override public void write(byte[] lines) throws Exception {
              Files.writeString(folder.resolve("called"), "");
              while (Files.exists(folder.resolve("wait"))) {
                Thread.sleep(5);
              }
              if (settings.fails()) {
                throw new java.io.IOException("no room");
              }
              Files.write(folder.resolve("lines"), lines,
                  StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
            @Override public void stop() {
              try {
                Files.writeString(folder.resolve("stopped"), "");
              } catch (java.io.IOException e) {
                throw new IllegalStateException(e);
              }
            }
          };
        }
      }
      """;

  @TempDir private Path jars;
  @TempDir private Path notes;
  private Downstream downstream;
  private Plugins plugins;
  private List<Factory<?, ?>> factories;

  @BeforeEach
  void start() throws Exception {
    downstream = Downstream.echoing();
    PluginJar.of("notes", "1.0.0").with(SINK).writeTo(jars.resolve("notes.jar"));
    plugins = Plugins.of(jars, Set.of());
    factories = plugins.factories();
  }

  @AfterEach
  void stop() {
    plugins.close();
    downstream.close();
  }

  private String config(String settings) {
    return TestGateway.config("framed", "", downstream.port())
        + "filters:\n  - {use: access-log, with: {"
        + settings
        + "}}\n";
  }

  private TestGateway run(String settings) {
    return TestGateway.start(config(settings), 2, factories);
  }

  private static void call(TestGateway gateway, int times) {
    try (Peer caller = gateway.connect()) {
      for (int i = 0; i < times; i++) {
        caller.call("echo", i, Thrifts.args("hi"));
      }
    }
  }

  @Test
  void itGetsEveryLineOnceBetweenItsStartAndItsStop() {
    try (TestGateway gateway = run("sink: {use: notes, with: {folder: '" + notes + "'}}")) {
      assertThat(notes.resolve("started")).exists();
      call(gateway, 200);
      assertThat(notes.resolve("stopped")).doesNotExist();
    }
    assertThat(notes.resolve("stopped")).exists();
    assertThat(Lines.read(notes.resolve("lines")))
        .hasSize(200)
        .allMatch(line -> line.getString("method").equals("echo"));
  }

  @Test
  void linesThatItDoesNotTakeAreCounted() {
    try (TestGateway gateway =
        run("sink: {use: notes, with: {folder: '" + notes + "', fails: true}}")) {
      call(gateway, 10);
      await()
          .until(
              () -> gateway.registry().scrape().contains("sluice_access_log_dropped_total 10.0"));
    }
    assertThat(notes.resolve("lines")).doesNotExist();
  }

  /** What waits for a slow sink has a bound in bytes too, as callers choose the names. */
  @Test
  void longLinesTakeTheRoomOfMany() throws Exception {
    Path wait = Files.createFile(notes.resolve("wait"));
    try (TestGateway gateway =
            run("queue: 64, sink: {use: notes, with: {folder: '" + notes + "'}}");
        Peer caller = gateway.connect()) {
      caller.call("echo", 0, Thrifts.args("hi"));
      await().until(() -> Files.exists(notes.resolve("called")));
      // As JSON, six bytes each letter.
      String method = "\u0001".repeat(250);
      for (int i = 1; i <= 60; i++) {
        caller.call(method, i, Thrifts.args("hi"));
      }
      Files.delete(wait);
    }
    // 64 KiB and a call, of some 1,900 bytes each.
    assertThat(Lines.read(notes.resolve("lines"))).hasSizeBetween(30, 40);
  }

  @Test
  void aFilterWhoseSinkIsTheSameGoesOn() throws Exception {
    try (TestGateway gateway = run("sink: {use: notes, with: {folder: '" + notes + "'}}")) {
      Files.delete(notes.resolve("started"));
      gateway.reload(
          config("sink: {use: notes, with: {folder: '" + notes + "'}}").replace("1s", "2s"),
          factories);
      assertThat(notes.resolve("started")).doesNotExist();

      gateway.reload(
          config("sink: {use: notes, with: {folder: '" + notes + "', fails: true}}"), factories);
      assertThat(notes.resolve("started")).exists();
      await().until(() -> Files.exists(notes.resolve("stopped")));
    }
  }

  @Test
  void faultsOfItsSettingsAreInTheirPlaces() {
    assertFault("sink: {use: note, with: {}}", "unknown access log sink 'note': did you mean");
    assertFault("sink: {use: notes}", "missing key 'folder': it is required");
    assertFault("sink: {use: notes, with: {folder: ''}}", "access log sink 'notes': name a folder");
    assertFault("sink: {use: notes, with: {folder: a, colour: b}}", "unknown key 'colour'");
    assertFault("sink: notes, file: a", "missing key 'folder'");
    assertFault("sink: {use: notes, with: {folder: a}}, file: a", "either 'file' or 'sink'");
    assertFault("sample: 1", "either 'file' or 'sink' says where the lines go");
  }

  private void assertFault(String settings, String fault) {
    assertThatThrownBy(() -> run(settings))
        .hasMessageStartingWith("test.yaml:")
        .hasMessageContaining(fault);
  }
}
