package io.sluice.gateway.cli;

import java.util.List;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
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
    commands(args).forEach(line::addSubcommand);
    int code = args.length == 0 ? usage(line) : line.execute(args);
    if (code != SubCommandResult.KEEP_RUNNING) {
      System.exit(code);
    }
  }

  /** The command that is named; all of them, for help and for hints, if none is. */
  private static List<SubCommand> commands(String[] args) {
    List<ServiceLoader.Provider<SubCommand>> all =
        ServiceLoader.load(SubCommand.class).stream().toList();
    // To look at the options of all of them would slow down every start.
    List<ServiceLoader.Provider<SubCommand>> named =
        all.stream().filter(provider -> args.length > 0 && isNamed(provider, args[0])).toList();
    return (named.isEmpty() ? all : named).stream().map(ServiceLoader.Provider::get).toList();
  }

  private static boolean isNamed(ServiceLoader.Provider<SubCommand> provider, String name) {
    return provider.type().getAnnotation(Command.class).name().equals(name);
  }

  private static int usage(CommandLine line) {
    line.usage(System.out);
    return CommandLine.ExitCode.USAGE;
  }

  /** That of the jar; null if there is none. */
  static @Nullable String version() {
    return Main.class.getPackage().getImplementationVersion();
  }

  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.version();
      return new String[] {"sluice " + (version == null ? "(not packaged)" : version)};
    }
  }
}
