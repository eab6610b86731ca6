package io.sluice.gateway.cli;

import io.sluice.api.Protocol;
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

/**
 * {@code sluice explain}: which way a call would take and why, or what bytes would be taken for.
 */
@Command(
    name = "explain",
    description =
        "Explain which way a call takes and why no other, or with --hex what the gateway takes bytes"
            + " for.",
    mixinStandardHelpOptions = true)
public final class ExplainCommand implements SubCommand {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Mixin private PluginsOption plugins;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration with the routes.")
  private @Nullable Path config;

  @Mixin private CallOptions call;

  @Option(
      names = "--package",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The Protobuf package, which only gRPC carries.")
  private String packageName;

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

  @Mixin private HexOptions hex;

  @Override
  public Integer call() {
    if (hex.isGiven()) {
      Outline outline = new Outline();
      boolean good = WireExplanation.print(hex.bytes(spec.commandLine()), outline);
      spec.commandLine().getOut().print(outline);
      spec.commandLine().getOut().flush();
      return good ? 0 : FAILED;
    }
    if (config == null || call.method() == null) {
      throw new ParameterException(
          spec.commandLine(),
          "Missing required options: '--config=FILE' and '--method=NAME', or '--hex=BYTES'");
    }
    return explainRoute(config);
  }

  private int explainRoute(Path config) {
    LoadedConfig loaded;
    try {
      loaded = ConfigFile.load(config, plugins.folder());
    } catch (ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return FAILED;
    }
    String listener = listener(loaded);
    PrintWriter out = spec.commandLine().getOut();
    if (call.saysTooMuch()) {
      out.println(call.tooMuch());
    }
    if (!packageName.isEmpty() && call.protocol() != Protocol.GRPC) {
      out.println(call.protocol().label() + " carries no package: left out of the call");
    }
    boolean found =
        new RouteExplanation(config, loaded, out)
            .print(call.call(listener, packageName), Math.max(0, others));
    return found ? 0 : FAILED;
  }

  /** The listener that is meant: the one that was named, else the first. */
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
