package io.sluice.gateway.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code sluice plugin}: what authors and operators of plugins need. */
@Command(
    name = "plugin",
    description = "Begin a plugin, look a plugin's jar over, or list what a gateway has.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {NewPluginCommand.class, VerifyPluginCommand.class, ListPluginsCommand.class})
public final class PluginCommand implements SubCommand {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return CommandLine.ExitCode.USAGE;
  }
}
