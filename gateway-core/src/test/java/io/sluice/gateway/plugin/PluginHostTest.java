package io.sluice.gateway.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.plugin.PluginStatus.State;
import io.sluice.gateway.testkit.PluginJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugins folder changes, and what is loaded with it. */
class PluginHostTest {
  private static final PluginJar FIRST = PluginJar.of("made", "1.0.0").with(PluginJar.MADE);
  private static final PluginJar SECOND = FIRST.copy().says("Plugin-Version", "2.0.0");

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path folder;
  @TempDir private Path copies;
  private final List<String> uses = new ArrayList<>();
  private String unfit = "nothing";
  private PluginHost host;

  @BeforeEach
  void start() {
    host = new PluginHost(folder, copies, "0.1.0", factory -> {});
  }

  @Test
  void aJarIsTakenUpWhenTwoLooksFindItTheSame() throws Exception {
    FIRST.writeTo(jar("made.jar"));

    host.update(this::use);
    assertThat(uses).isEmpty();
    assertThat(host.statuses()).extracting(PluginStatus::state).containsExactly(State.INCOMPLETE);
    host.update(this::use);
    assertThat(uses).containsExactly("made 1.0.0 (generation 1)");
    settle();
    assertThat(uses).hasSize(1);
  }

  @Test
  void aJarThatIsStillWrittenIsLeftUntilItIsWhole() throws Exception {
    byte[] bytes = FIRST.bytes();
    Files.write(jar("made.jar"), Arrays.copyOf(bytes, 100));
    settle();
    assertThat(reasons()).singleElement().asString().contains("it is no whole jar");

    Files.write(
        jar("made.jar"), Arrays.copyOfRange(bytes, 100, bytes.length), StandardOpenOption.APPEND);
    settle();
    assertThat(reasons()).containsExactly("");
    assertThat(uses).containsExactly("made 1.0.0 (generation 1)");
  }

  @Test
  void aReplacedJarReplacesThePlugin() throws Exception {
    put(FIRST, "made.jar");
    put(SECOND, "made.jar");

    assertThat(uses).containsExactly("made 1.0.0 (generation 1)", "made 2.0.0 (generation 2)");
    assertOneCopy();
  }

  @Test
  void aJarThatIsWrittenAgainAsItWasChangesNothing() throws Exception {
    put(FIRST, "made.jar");
    put(FIRST, "made.jar");

    assertThat(uses).containsExactly("made 1.0.0 (generation 1)");
    assertOneCopy();
  }

  @Test
  void aJarUnderAnotherNameReplacesItWhenTheFirstGoes() throws Exception {
    put(FIRST, "made-1.jar");
    put(SECOND, "made-2.jar");
    assertThat(reasons())
        .containsExactly(
            "", "plugin 'made' is already there, from made-1.jar: remove one of the two jars");

    Files.delete(jar("made-1.jar"));
    settle();
    assertThat(uses).containsExactly("made 1.0.0 (generation 1)", "made 2.0.0 (generation 3)");
    assertThat(reasons()).containsExactly("");
    assertOneCopy();
  }

  @Test
  void aRemovedJarTakesThePluginWithIt() throws Exception {
    put(FIRST, "made.jar");
    Files.delete(jar("made.jar"));
    settle();

    assertThat(uses).containsExactly("made 1.0.0 (generation 1)", "");
    assertThat(host.statuses()).isEmpty();
    assertThat(copies).isEmptyDirectory();
  }

  @Test
  void aBadJarLeavesTheOldOneRunning() throws Exception {
    put(FIRST, "made.jar");
    put(SECOND.copy().says("Plugin-Requires", ">=9.0.0"), "made.jar");

    assertThat(uses).hasSize(1);
    assertThat(host.statuses())
        .extracting(PluginStatus::state, PluginStatus::id, PluginStatus::generation)
        .containsExactly(tuple(State.RUNNING, "made", 1), tuple(State.REFUSED, "", 0));
    assertThat(reasons().get(1)).contains("requires version >=9.0.0 of the API");
    assertOneCopy();
  }

  @Test
  void whatDoesNotFitTheConfigurationIsRefusedUntilItDoes() throws Exception {
    put(FIRST, "made.jar");
    unfit = "made 2.0.0";
    put(SECOND, "made.jar");
    assertThat(reasons()).containsExactly("", "does not fit");
    assertOneCopy();

    unfit = "nothing";
    settle();
    assertThat(uses).hasSize(1);
    host.reconsider();
    settle();
    assertThat(uses).hasSize(2);
    assertThat(reasons()).containsExactly("");
  }

  @Test
  void aPluginThatIsStillUsedOutlivesItsJar() throws Exception {
    put(FIRST, "made.jar");
    unfit = "";
    Files.delete(jar("made.jar"));
    settle();
    assertThat(reasons()).containsExactly("its jar is gone, but it stays: does not fit");
    assertThat(host.plugins()).hasSize(1);

    unfit = "nothing";
    host.reconsider();
    settle();
    assertThat(host.statuses()).isEmpty();
    assertThat(host.plugins()).isEmpty();
  }

  @Test
  void aJarThatBecomesAnotherPluginReplacesIt() throws Exception {
    put(FIRST, "made.jar");
    put(FIRST.copy().says("Plugin-Id", "other"), "made.jar");

    assertThat(uses).containsExactly("made 1.0.0 (generation 1)", "other 1.0.0 (generation 1)");
  }

  @Test
  void codeThatDoesNotComeBackIsRefused() throws Exception {
    host = new PluginHost(folder, copies, "0.1.0", factory -> {}, 1, new CodeWatch());
    String endless =
        PluginJar.MADE.replace(
            "@Override public String name()",
            "static { while (!Thread.interrupted()) Thread.onSpinWait(); }"
                + " @Override public String name()");
    put(PluginJar.of("endless", "1.0.0").with(endless), "endless.jar");

    assertThat(reasons())
        .singleElement()
        .asString()
        .startsWith("its code has not come back in 1 s");
    assertThat(uses).isEmpty();
  }

  @Test
  void codeThatHeedsNothingIsRefusedAndIsNoLeak() throws Exception {
    host = new PluginHost(folder, copies, "0.1.0", factory -> {}, 1, new CodeWatch());
    String end = "sluice.test.endless." + folder.getFileName();
    String endless =
        PluginJar.MADE.replace(
            "@Override public String name()",
            "static { while (System.getProperty(\""
                + end
                + "\") == null) Thread.onSpinWait(); }"
                + " @Override public String name()");
    try {
      put(PluginJar.of("endless", "1.0.0").with(endless), "endless.jar");
      assertThat(reasons())
          .containsExactly(
              "its code has not come back in 1 s, it is in Maker.<clinit>: constructors and static"
                  + " initialisers must not wait; a filter's start() may");
      put(FIRST, "made.jar");
      assertThat(uses).containsExactly("made 1.0.0 (generation 1)");
    } finally {
      System.setProperty(end, "yes");
    }
    await().atMost(PATIENCE).until(() -> threads("plugin-endless") == 0);
    System.clearProperty(end);
    settle();
    assertThat(host.statuses())
        .extracting(PluginStatus::state)
        .containsExactly(State.REFUSED, State.RUNNING);
    assertThat(host.unloaded()).isZero();
    assertOneCopy();
  }

  private static long threads(String name) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals(name))
        .count();
  }

  @Test
  void copiesAreMadeAlsoWhenSomebodyHasTidiedTheirFolderUp() throws Exception {
    put(FIRST, "made.jar");
    try (var files = Files.list(copies)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(copies);
    put(SECOND, "made.jar");

    assertThat(reasons()).containsExactly("");
    assertThat(uses).hasSize(2);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(copies)))
        .isEqualTo("rwx------");
  }

  @Test
  void withoutAFolderThereAreNoPlugins() throws Exception {
    Files.delete(folder);
    settle();

    assertThat(host.statuses()).isEmpty();
    Files.createDirectory(folder);
    put(FIRST, "made.jar");
    assertThat(uses).hasSize(1);
  }

  private Path jar(String name) {
    return folder.resolve(name);
  }

  /** As a careful user does, so that no look finds half of it. */
  private void put(PluginJar jar, String name) throws IOException {
    Path written = jar.writeTo(folder.resolve(name + ".new"));
    Files.move(written, jar(name), StandardCopyOption.REPLACE_EXISTING);
    settle();
  }

  private void settle() throws IOException {
    host.update(this::use);
    host.update(this::use);
    host.update(this::use);
  }

  private List<String> reasons() {
    return host.statuses().stream().map(PluginStatus::reason).toList();
  }

  private void assertOneCopy() throws IOException {
    try (var files = Files.list(copies)) {
      assertThat(files).hasSize(1);
    }
  }

  private void use(List<LoadedPlugin> plugins) throws PluginRefused {
    String all = String.join(", ", plugins.stream().map(LoadedPlugin::toString).toList());
    if (unfit.isEmpty() ? all.isEmpty() : all.contains(unfit)) {
      throw new PluginRefused("does not fit", "");
    }
    uses.add(all);
  }
}
