package io.sluice.gateway.cli;

import io.sluice.gateway.Gateway;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LastGood;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code sluice run}: the gateway itself, until it gets SIGTERM or SIGINT. */
@Command(
    name = "run",
    description = "Run the gateway with a configuration file.",
    mixinStandardHelpOptions = true)
public final class RunCommand implements SubCommand {
  private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);
  private static final int FAILED = 1;
  private static final int CALLS_LOST = 3;
  private static final int START_SECONDS = 85; // more than one filter may take
  private static final int MAX_GRACE_SECONDS = 24 * 60 * 60;

  @Spec private CommandSpec spec;

  @Mixin private PluginsOption plugins;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      required = true,
      description = "The configuration, for example conf/gateway.yaml.")
  private Path config;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "25",
      description = "How long open calls may go on after SIGTERM (default: ${DEFAULT-VALUE}).")
  private int graceSeconds;

  @Option(
      names = "--state",
      paramLabel = "FOLDER",
      description =
          "Where the configuration that runs is kept, for a start at which the file is refused"
              + " (default: $STATE_DIRECTORY, else state/ of the distribution).")
  private @Nullable Path state;

  @Override
  public Integer call() throws InterruptedException {
    if (graceSeconds < 0 || graceSeconds > MAX_GRACE_SECONDS) {
      throw new ParameterException(
          spec.commandLine(), "--grace " + graceSeconds + ": write 0 to " + MAX_GRACE_SECONDS);
    }
    int loops;
    try {
      loops = Host.defaultLoops();
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      return FAILED;
    }
    Host host = new Host(loops);
    try {
      Gateway gateway =
          host.start(new ConfigSource(host.vertx(), config), plugins.folder(), lastGood())
              .toCompletionStage()
              .toCompletableFuture()
              .get(START_SECONDS, TimeUnit.SECONDS);
      stopOnSignal(host, gateway);
      LOG.atInfo()
          .setMessage("ready")
          .addKeyValue("listeners", gateway.ports())
          .addKeyValue("millis", millisSinceStart())
          .log();
      return SubCommandResult.KEEP_RUNNING;
    } catch (ExecutionException e) {
      host.close();
      if (e.getCause() instanceof ConfigException faults) {
        System.err.println(faults.getMessage());
      } else {
        LOG.atError().setMessage("cannot start: {}").addArgument(e.getCause().getMessage()).log();
      }
      return FAILED;
    } catch (TimeoutException e) {
      host.close();
      LOG.atError().setMessage("cannot start within {} s").addArgument(START_SECONDS).log();
      return FAILED;
    }
  }

  private @Nullable LastGood lastGood() {
    Path folder = state == null ? defaultState() : state;
    return folder == null ? null : new LastGood(folder, config);
  }

  /** Null where there is none. */
  private static @Nullable Path defaultState() {
    String ofService = System.getenv("STATE_DIRECTORY"); // of systemd, more than one behind colons
    if (ofService != null && !ofService.isEmpty()) {
      return Path.of(ofService.split(":", 2)[0]);
    }
    String home = System.getProperty("sluice.home");
    return home == null ? null : Path.of(home, "state");
  }

  private static long millisSinceStart() {
    return ProcessHandle.current()
        .info()
        .startInstant()
        .map(start -> Duration.between(start, Instant.now()).toMillis())
        .orElse(-1L);
  }

  private void stopOnSignal(Host host, Gateway gateway) {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  LOG.atInfo()
                      .setMessage("stopping, open calls have {} s")
                      .addArgument(graceSeconds)
                      .log();
                  host.stopFollowing();
                  try {
                    int lost =
                        gateway
                            .shutdown(Duration.ofSeconds(graceSeconds))
                            .toCompletionStage()
                            .toCompletableFuture()
                            .get(graceSeconds + 5L, TimeUnit.SECONDS);
                    host.close();
                    LOG.atInfo().setMessage("stopped").addKeyValue("lostCalls", lost).log();
                    // Stopped as asked: that is no failure, whatever the signal.
                    Runtime.getRuntime().halt(lost == 0 ? 0 : CALLS_LOST);
                  } catch (InterruptedException | ExecutionException | TimeoutException e) {
                    LOG.atError().setMessage("did not stop in time").setCause(e).log();
                    Runtime.getRuntime().halt(FAILED);
                  }
                },
                "stop"));
  }
}
