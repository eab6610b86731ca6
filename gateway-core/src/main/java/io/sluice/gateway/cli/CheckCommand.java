package io.sluice.gateway.cli;

import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.Fault;
import io.sluice.gateway.config.LoadedConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice check}: what a start would say of a configuration, and what is hardly meant. */
@Command(
    name = "check",
    description =
        "Check a configuration file: all that is wrong with it, and what is hardly meant.",
    mixinStandardHelpOptions = true)
public final class CheckCommand implements SubCommand {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Mixin private PluginsOption plugins;

  @Parameters(paramLabel = "FILE", description = "The configuration.")
  private Path file;

  @Option(names = "--strict", description = "End with 1 if there are only warnings, too.")
  private boolean strict;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    LoadedConfig config;
    try {
      config = ConfigFile.load(file, plugins.folder());
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return FAILED;
    }
    for (Fault warning : config.warnings()) {
      err.println(
          warning.file()
              + ":"
              + warning.line()
              + ":"
              + warning.column()
              + ": warning: "
              + warning.what()
              + ": "
              + warning.right());
    }
    config.model().clusters().forEach((name, cluster) -> note(name, cluster, err));
    spec.commandLine().getOut().println(file + " is right: " + summary(config));
    return strict && !config.warnings().isEmpty() ? FAILED : 0;
  }

  private void note(String name, ClusterConfig cluster, PrintWriter err) {
    if (cluster.transport().multiplex()) {
      err.println(
          file
              + ": note: cluster '"
              + name
              + "' multiplexes: an ordinary Kitex server answers the calls of one connection one"
              + " after the other");
    }
  }

  private static String summary(LoadedConfig config) {
    return count(config.model().listeners().size(), "listener")
        + ", "
        + count(config.model().clusters().size(), "cluster")
        + ", "
        + count(config.routes().size(), "route")
        + ", "
        + count(config.allFilters().size(), "filter")
        + (config.warnings().isEmpty() ? "" : ", " + count(config.warnings().size(), "warning"));
  }

  private static String count(int n, String what) {
    return n + " " + what + (n == 1 ? "" : "s");
  }
}
