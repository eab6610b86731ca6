package io.sluice.gateway.cli;

import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.LoadedConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice explain}: which way a call would take, and why no other. */
@Command(
    name = "explain",
    description = "Explain which way a call takes, and why no other.",
    mixinStandardHelpOptions = true)
public final class ExplainCommand implements SubCommand {
  private static final int NO_ROUTE = 1;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration with the routes.")
  private Path config;

  @Mixin private CallOptions call;

  @Option(
      names = "--listener",
      paramLabel = "NAME",
      description = "Where it comes in (default: the first listener that serves calls).")
  private @Nullable String listener;

  @Option(
      names = "--others",
      paramLabel = "N",
      defaultValue = "5",
      description = "How many other routes to tell of (default: ${DEFAULT-VALUE}).")
  private int others;

  @Override
  public Integer call() {
    if (call.method() == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--method=NAME'");
    }
    LoadedConfig loaded;
    try {
      loaded = ConfigFile.load(config);
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return NO_ROUTE;
    }
    PrintWriter out = spec.commandLine().getOut();
    if (call.saysTooMuch()) {
      out.println(
          call.protocol().label()
              + " carries neither service nor caller nor metadata: left out of the call");
    }
    boolean found =
        new RouteExplanation(config, loaded, out)
            .print(call.call(listener(loaded)), Math.max(0, others));
    return found ? 0 : NO_ROUTE;
  }

  private String listener(LoadedConfig loaded) {
    for (Map.Entry<String, ListenerConfig> entry : loaded.model().listeners().entrySet()) {
      boolean meant = listener == null || listener.equals(entry.getKey());
      if (meant && entry.getValue().serves() == Serves.RPC) {
        return entry.getKey();
      }
    }
    throw new ParameterException(
        spec.commandLine(), "no listener '" + listener + "' serves calls in " + config);
  }
}
