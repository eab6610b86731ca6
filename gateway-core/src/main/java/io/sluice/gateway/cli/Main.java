package io.sluice.gateway.cli;

import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Where {@code bin/sluice} enters. */
@Command(
    name = "sluice",
    description = "An RPC gateway for Kitex, Thrift and gRPC services.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name. */
  public static void main(String[] args) {
    CommandLine line = new CommandLine(new Main());
    for (SubCommand command : ServiceLoader.load(SubCommand.class)) {
      line.addSubcommand(command);
    }
    int code = args.length == 0 ? usage(line) : line.execute(args);
    if (code != SubCommandResult.KEEP_RUNNING) {
      System.exit(code);
    }
  }

  private static int usage(CommandLine line) {
    line.usage(System.out);
    return CommandLine.ExitCode.USAGE;
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"sluice " + (version == null ? "(not packaged)" : version)};
    }
  }
}
