package io.sluice.gateway;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.plugin.PluginHost;
import io.sluice.gateway.plugin.PluginStatus;
import io.sluice.gateway.plugin.PluginStatus.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * How the gateway keeps up with its file and its plugins folder: what was refused of them, and why,
 * as long as it is not what runs. Told on the metrics page and to whoever asks. Safe for all
 * threads.
 */
final class Upkeep {

  /**
   * What lies in the file and does not run.
   *
   * @param since when it was refused first
   * @param reasons with their places
   */
  private record Refusal(Instant since, List<String> reasons) {}

  /**
   * Since when what runs was kept, as the file was refused at the start; null if it is the file.
   */
  private volatile @Nullable Instant kept;

  private final Counter taken;
  private final Counter refused;
  private volatile @Nullable Refusal refusal;
  private volatile @Nullable PluginHost plugins;

  Upkeep(MeterRegistry registry, Generations generations) {
    taken = changes(registry, "taken");
    refused = changes(registry, "refused");
    Gauge.builder("sluice.config.refused", () -> refusal == null ? 0 : 1)
        .description("Whether the configuration file is not what runs, since it was refused")
        .register(registry);
    Gauge.builder("sluice.config.number", generations, Generations::number)
        .description("The number of the configuration that runs")
        .register(registry);
    Gauge.builder("sluice.config.generations", generations, Generations::alive)
        .description("The configuration that runs, and those before it that still have calls")
        .register(registry);
    for (State state : State.values()) {
      Gauge.builder("sluice.plugins", this, self -> self.count(state))
          .description("Jars of the plugins folder, and code that came from one")
          .tag("state", state.label())
          .register(registry);
    }
    String loads = "Jars that were to be taken up";
    counter(registry, "sluice.plugin.loads", "taken", loads, PluginHost::taken);
    counter(registry, "sluice.plugin.loads", "refused", loads, PluginHost::refused);
    String code = "Code of plugins that was unloaded, and what of that has been collected";
    counter(registry, "sluice.plugin.code", "unloaded", code, PluginHost::unloaded);
    counter(registry, "sluice.plugin.code", "collected", code, PluginHost::collected);
  }

  private static Counter changes(MeterRegistry registry, String result) {
    return Counter.builder("sluice.config.changes")
        .description("Changes of the configuration file")
        .tag("result", result)
        .register(registry);
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String result,
      String description,
      ToLongFunction<PluginHost> count) {
    FunctionCounter.builder(
            name,
            this,
            self -> {
              PluginHost host = self.plugins;
              return host == null ? 0 : count.applyAsLong(host);
            })
        .description(description)
        .tag("result", result)
        .register(registry);
  }

  private double count(State state) {
    return plugins().stream().filter(plugin -> plugin.state() == state).count();
  }

  /** Plugins come of this host from now on. */
  void follows(PluginHost host) {
    plugins = host;
  }

  /** Every jar, and all code that came from one; empty if plugins come of no host. */
  List<PluginStatus> plugins() {
    PluginHost host = plugins;
    return host == null ? List.of() : host.statuses();
  }

  /** The plugins whose code is there. */
  List<LoadedPlugin> loaded() {
    PluginHost host = plugins;
    return host == null ? List.of() : host.loaded();
  }

  /** The file was refused at the start, and what was kept of an earlier one runs. */
  void startedWithoutFile(Origin origin) {
    kept = origin.since();
    refused(String.valueOf(origin.fault().getMessage()));
  }

  /** The file has changed, and it runs. */
  void taken() {
    kept = null;
    refusal = null;
    taken.increment();
  }

  /** What lies in the file is again what ran all the time. */
  void asBefore() {
    kept = null;
    refusal = null;
  }

  /**
   * The file has changed, and does not run.
   *
   * @param reasons with their places, one a line
   */
  void refused(String reasons) {
    refused.increment();
    stillRefused(reasons);
  }

  /** What was refused before was tried again. */
  void stillRefused(String reasons) {
    Refusal before = refusal;
    refusal =
        new Refusal(before == null ? Instant.now() : before.since(), reasons.lines().toList());
  }

  /** What of the file and the folder does not run, one fact a line; empty if all does. */
  List<String> facts() {
    List<String> facts = new ArrayList<>();
    Instant since = kept;
    if (since != null) {
      facts.add("config is the last good one, of " + since + ": the file was refused at the start");
    }
    Refusal now = refusal;
    if (now != null) {
      now.reasons()
          .forEach(reason -> facts.add("config refused, since " + now.since() + ": " + reason));
    }
    for (PluginStatus plugin : plugins()) {
      if (!plugin.reason().isEmpty()) {
        facts.add(
            "plugin "
                + plugin.jar()
                + " "
                + plugin.state().label()
                + ", since "
                + plugin.since()
                + ": "
                + plugin.reason());
      }
    }
    return facts;
  }
}
