package io.sluice.demo;

import io.sluice.demo.Demo.Outcome;
import io.sluice.gateway.cli.SubCommand;
import io.sluice.gateway.cli.SubCommandResult;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ListenerConfig.Serves;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice demo}: shows the gateway at work, with nothing else to install. */
@Command(
    name = "demo",
    description =
        "Run the gateway between services and callers of its own, one call for each protocol.",
    mixinStandardHelpOptions = true)
public final class DemoCommand implements SubCommand {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      defaultValue = "${sys:sluice.home}/conf/demo.yaml",
      description = "A configuration with the clusters of this one: ${DEFAULT-VALUE}.")
  private Path config;

  @Option(
      names = "--port-base",
      paramLabel = "PORT",
      description =
          "The port to use in place of the lowest one in the file; the others follow. 0 takes any"
              + " that are free.")
  private @Nullable Integer portBase;

  @Option(
      names = "--once",
      description = "End after the calls: with 0 if each gave the right result, else with 1.")
  private boolean once;

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Demo demo;
    List<Outcome> outcomes;
    try {
      demo = Demo.start(config());
      outcomes = demo.run();
    } catch (CannotStart | ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return FAILED;
    }
    boolean right = print(outcomes, out);
    if (once) {
      demo.close();
      return right ? 0 : FAILED;
    }
    printNext(demo, out);
    return SubCommandResult.KEEP_RUNNING;
  }

  private DemoConfig config() throws CannotStart {
    DemoConfig file = DemoConfig.read(config.normalize());
    if (portBase == null) {
      return file;
    }
    return portBase == 0 ? file.movedToFreePorts() : file.movedTo(portBase);
  }

  /** Returns whether all went well. */
  private static boolean print(List<Outcome> outcomes, PrintWriter out) {
    Table calls =
        new Table(
            "protocol",
            "service/method",
            "route",
            "filters run (global > route)",
            "downstream",
            "result",
            "micros");
    Table seen = new Table("protocol", "metadata that the service saw", "that the caller got back");
    for (Outcome o : outcomes) {
      DemoCall call = o.call();
      Answer answer = o.reply() == null ? null : o.reply().answers().get(0);
      calls.add(
          call.title(),
          (call.service().isEmpty() ? "(not told)" : call.service()) + "/" + call.method(),
          o.way() == null ? "-" : o.way().route(),
          o.filters(),
          (o.way() == null ? "-" : o.way().cluster())
              + (answer == null ? "" : ": " + answer.transport()),
          o.fault() == null ? "ok" : "WRONG: " + o.fault(),
          o.reply() == null ? "-" : Long.toString(o.micros()));
      seen.add(
          call.title(),
          answer == null ? "-" : pairs(answer.metadata()),
          o.reply() == null ? "-" : pairs(o.reply().metadata()));
    }
    out.println(calls);
    out.println(seen);
    long wrong = outcomes.stream().filter(o -> o.fault() != null).count();
    out.println(
        wrong == 0
            ? "All " + outcomes.size() + " calls gave the right result."
            : wrong + " of " + outcomes.size() + " calls went wrong.");
    out.flush();
    return wrong == 0;
  }

  private static String pairs(Map<String, String> metadata) {
    return metadata.isEmpty()
        ? "-"
        : metadata.entrySet().stream().map(Object::toString).collect(Collectors.joining(" "));
  }

  private void printNext(Demo demo, PrintWriter out) throws CannotStart {
    out.printf(
        """

        The gateway serves on 127.0.0.1:%1$d until Ctrl-C. In another terminal:
          curl http://127.0.0.1:%2$d/readyz
          curl http://127.0.0.1:%2$d/metrics | grep sluice_calls
        A gRPC call with nothing but curl, which shows the service's answer:
          printf '\\0\\0\\0\\0\\7\\n\\5hello' | curl -s --http2-prior-knowledge --data-binary @- \\
            -H 'content-type: application/grpc' -H 'te: trailers' -H 'x-caller: me' \\
            -o - http://127.0.0.1:%1$d/shop.Cart/Get
        What it does is all in %3$s: change a filter there and start again.
        """,
        demo.port(Serves.RPC), demo.port(Serves.ADMIN), config.normalize());
    out.flush();
  }
}
