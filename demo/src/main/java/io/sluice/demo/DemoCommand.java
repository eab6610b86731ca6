package io.sluice.demo;

import io.sluice.api.Protocol;
import io.sluice.demo.Demo.Outcome;
import io.sluice.gateway.cli.PluginsOption;
import io.sluice.gateway.cli.SubCommand;
import io.sluice.gateway.cli.SubCommandResult;
import io.sluice.gateway.cli.Table;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ListenerConfig.Serves;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice demo}: shows the gateway at work, with nothing else to install. */
@Command(
    name = "demo",
    description =
        "Run the gateway between services and callers of its own, one call of each kind for each"
            + " protocol. It goes on until Ctrl-C, follows its configuration and its plugins folder,"
            + " and makes the calls anew when one of them has changed.",
    mixinStandardHelpOptions = true)
public final class DemoCommand implements SubCommand {
  private static final int FAILED = 1;

  /** From one look for a change to the next. */
  private static final long LOOK_MILLIS = 200;

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

  @Mixin private PluginsOption plugins;

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
      demo = Demo.start(config(), plugins.folder());
      outcomes = demo.run();
    } catch (CannotStart | ConfigException e) {
      spec.commandLine().getErr().println(e.getMessage());
      return FAILED;
    }
    int number = demo.number();
    boolean right = print(outcomes, out);
    if (once) {
      demo.close();
      return right ? 0 : FAILED;
    }
    printNext(demo, out);
    Thread again = new Thread(() -> follow(demo, number, out), "demo-again");
    again.setDaemon(true);
    again.start();
    return SubCommandResult.KEEP_RUNNING;
  }

  /** Makes all calls once more whenever another configuration, or another plugin, has come. */
  private static void follow(Demo demo, int shown, PrintWriter out) {
    int before = shown;
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        int now = demo.number();
        if (now != before) {
          before = now;
          out.println("\nThe configuration or a plugin has changed. All calls once more:\n");
          print(demo.run(), out);
        }
      }
    } catch (Exception e) {
      out.println("The calls are not made any more: " + e.getMessage());
      out.flush();
    }
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
    out.println(calls(outcomes));
    out.println(metadata(outcomes));
    long wrong = outcomes.stream().filter(o -> o.fault() != null).count();
    out.println(
        wrong == 0
            ? "All " + outcomes.size() + " calls gave the right result."
            : wrong + " of " + outcomes.size() + " calls went wrong.");
    out.flush();
    return wrong == 0;
  }

  private static Table calls(List<Outcome> outcomes) {
    Table table =
        new Table(
            "caller speaks",
            "call",
            "service/method",
            "route",
            "filters run (global > route)",
            "cluster",
            "service speaks",
            "passed on",
            "result",
            "micros");
    for (Outcome o : outcomes) {
      DemoCall call = o.call();
      Answer answer = answer(o);
      table.add(
          call.caller(),
          call.kind().label(),
          call.target(),
          o.way() == null ? "-" : o.way().route(),
          o.filters(),
          o.way() == null ? "-" : o.way().cluster(),
          answer == null ? "-" : answer.protocol().label(),
          answer == null ? "-" : passedOn(call.protocol(), answer.protocol()),
          o.fault() == null ? "ok" : "WRONG: " + o.fault(),
          o.reply() == null ? "-" : Long.toString(o.micros()));
    }
    return table;
  }

  /** The first answer, or null. */
  private static @Nullable Answer answer(Outcome outcome) {
    return outcome.reply() == null || outcome.reply().answers().isEmpty()
        ? null
        : outcome.reply().answers().get(0);
  }

  /** What the gateway did to a call between the two. */
  private static String passedOn(Protocol caller, Protocol service) {
    if (caller == service) {
      return "as it came";
    }
    return caller.isPingPong() && service.isPingPong() ? "reframed" : "translated";
  }

  /** A line for all calls of a service by one protocol that have the same to say. */
  private static Table metadata(List<Outcome> outcomes) {
    Map<List<String>, StringJoiner> calls = new LinkedHashMap<>();
    for (Outcome o : outcomes) {
      DemoCall call = o.call();
      Answer answer = answer(o);
      String seen = answer == null ? "-" : pairs(answer.metadata());
      String got = o.reply() == null ? "-" : pairs(o.reply().metadata());
      String service = call.service().isEmpty() ? "(not told)" : call.service();
      calls
          .computeIfAbsent(List.of(call.caller(), service, seen, got), key -> new StringJoiner(" "))
          .add(call.kind().label());
    }
    Table table =
        new Table(
            "caller speaks",
            "calls",
            "service",
            "metadata that the service saw",
            "that the caller got back");
    calls.forEach(
        (line, kinds) ->
            table.add(line.get(0), kinds.toString(), line.get(1), line.get(2), line.get(3)));
    return table;
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
        What it does is all in %3$s. Change a filter there, and the calls are made anew.
        Your own filter: put its jar into %4$s
        and add '- use: NAME' to the filters of that file. Every protocol's calls pass it then.
        Put another version in its place, and they pass that one. What is refused, and why:
          curl http://127.0.0.1:%2$d/plugins
          curl http://127.0.0.1:%2$d/readyz?verbose
        """,
        demo.port(Serves.RPC),
        demo.port(Serves.ADMIN),
        config.normalize(),
        plugins.folder() == null ? "a folder named by --plugins" : plugins.folder());
    out.flush();
  }
}
