package io.sluice.interop.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.PluginJar;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Jars that a gateway must refuse, each for a reason of its own. */
final class BadJars {

  /**
   * One of them.
   *
   * @param jar its name in the plugins folder
   * @param words what is said of it, in part
   */
  record Bad(String jar, String words, Placing placing) {}

  /** Puts it there. */
  interface Placing {
    void into(Path file) throws IOException;
  }

  private BadJars() {}

  /**
   * All kinds.
   *
   * @param good the plugin that runs
   * @param runs the name of its jar
   * @param source of its code
   */
  static List<Bad> of(PluginJar good, String runs, String className, String source) {
    byte[] whole = good.says("Plugin-Version", "9.9.9").bytes();
    return List.of(
        new Bad(
            runs,
            "it is no whole jar",
            file -> GatewayProcess.replace(file, Arrays.copyOf(whole, whole.length / 2))),
        bad(
            runs,
            "not today",
            changed(
                className,
                source,
                "public First() {",
                "public First() { if (true) throw new IllegalStateException(\"not today\");")),
        bad(
            runs,
            "the configuration does not fit it",
            changed(
                className,
                source,
                "record Settings()",
                "record Settings(@Setting(value = \"What.\", required = true) String what)")),
        new Bad(runs, "it is no whole jar", file -> writeHalf(file, whole)),
        bad(runs, "the jar has no manifest", good.withoutManifest()),
        bad(runs, "Plugin-Id 'No Name' is no name", good.says("Plugin-Id", "No Name")),
        bad(runs, "it unpacks to more than it should", good.with("zeros", new byte[64 << 20])),
        bad(runs, "it holds a file outside of itself", good.with("../../evil", new byte[1])),
        bad(
            runs,
            "it bundles io.sluice.api.*",
            good.with("io/sluice/api/Filter.class", new byte[1])),
        bad(runs, "requires version >=9.0.0 of the API", good.says("Plugin-Requires", ">=9.0.0")),
        bad(
            runs,
            "cannot be made",
            changed(
                className,
                source,
                "static final String VERSION = version();",
                "static final String VERSION = version(); static { if (true) throw new"
                    + " IllegalStateException(\"never\"); }")),
        bad(
            runs,
            "its code has not come back",
            changed(
                className,
                source,
                "static final String VERSION = version();",
                "static final String VERSION = version(); static { while"
                    + " (!Thread.currentThread().isInterrupted())"
                    + " java.util.concurrent.locks.LockSupport.park(); }")),
        bad("other.jar", "is already there, from " + runs, good.says("Plugin-Version", "9.9.9")),
        new Bad(
            "other.jar",
            "it is a symbolic link",
            file -> Files.createSymbolicLink(file, file.resolveSibling(runs))));
  }

  private static Bad bad(String jar, String words, PluginJar content) {
    byte[] bytes = content.bytes();
    return new Bad(jar, words, file -> GatewayProcess.replace(file, bytes));
  }

  private static PluginJar changed(String className, String source, String from, String to) {
    if (!source.contains(from)) {
      throw new IllegalArgumentException(from + " is not in the source");
    }
    return PluginJar.of(ChangesUnderLoadTest.PLUGIN, className, source.replace(from, to))
        .with(ChangesUnderLoadTest.VERSION, "9.9.9".getBytes(UTF_8));
  }

  /** As somebody who copies slowly and has come half way. */
  private static void writeHalf(Path file, byte[] whole) {
    try {
      Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
