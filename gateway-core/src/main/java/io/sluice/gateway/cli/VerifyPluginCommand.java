package io.sluice.gateway.cli;

import io.sluice.api.ApiVersion;
import io.sluice.api.Factory;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.config.SettingsCheck;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.sluice.gateway.plugin.PluginManifest;
import io.sluice.gateway.plugin.PluginRefused;
import io.sluice.gateway.plugin.SingleJar;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice plugin verify}: what a gateway would say of a jar. */
@Command(
    name = "verify",
    description =
        "Look a plugin's jar over as a gateway does, load it, and with --with make its filter.",
    mixinStandardHelpOptions = true)
final class VerifyPluginCommand implements Callable<Integer> {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "JAR", description = "The plugin.")
  private Path jar;

  @Option(
      names = "--with",
      paramLabel = "YAML",
      description =
          "Settings of the filter, as they stand behind 'with:' in a configuration; or the name of"
              + " a file with them.")
  private @Nullable String with;

  @Option(
      names = "--filter",
      paramLabel = "NAME",
      description = "Which filter the settings are for, if the jar has more than one.")
  private @Nullable String filter;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    PluginSettings settings;
    try {
      settings = with == null ? null : PluginSettings.of(with);
    } catch (NoSuchFileException e) {
      err.println(with + ": there is no such file");
      return FAILED;
    } catch (IOException e) {
      err.println(with + ": it cannot be read: " + e);
      return FAILED;
    }
    try (SingleJar single = SingleJar.load(jar, ApiVersion.CURRENT, SettingsCheck::checkOf)) {
      LoadedPlugin plugin = single.plugin();
      if (settings != null) {
        FilterFactory<?> factory = meant(filters(plugin));
        if (factory == null) {
          return FAILED;
        }
        settings.make(factory);
      }
      print(plugin);
      return 0;
    } catch (NoSuchFileException e) {
      err.println(jar + ": there is no such file");
    } catch (IOException e) {
      err.println(jar + ": it cannot be read: " + e);
    } catch (PluginRefused e) {
      err.println(jar + " is refused: " + e.getMessage());
    } catch (IllegalArgumentException e) {
      err.println(jar + " is right, but these settings are not:");
      err.println(e.getMessage());
    }
    return FAILED;
  }

  /** The filter that the settings are for; null if that is not clear, which has been told then. */
  private @Nullable FilterFactory<?> meant(List<FilterFactory<?>> factories) {
    List<FilterFactory<?>> meant =
        factories.stream().filter(f -> filter == null || f.name().equals(filter)).toList();
    if (meant.size() == 1) {
      return meant.get(0);
    }
    spec.commandLine().getErr().println(whyNone(factories));
    return null;
  }

  private String whyNone(List<FilterFactory<?>> factories) {
    if (factories.isEmpty()) {
      return "the jar has no filter, and --with is for those";
    }
    return filter == null
        ? "the jar has more than one filter, say with --filter which one: " + names(factories)
        : "the jar has no filter '" + filter + "': " + names(factories);
  }

  private void print(LoadedPlugin plugin) {
    PrintWriter out = spec.commandLine().getOut();
    PluginManifest manifest = plugin.manifest();
    out.println(jar + " is right" + (with == null ? "" : ", and so are the settings"));
    out.println("  plugin       " + manifest.id() + " " + manifest.version());
    out.println("  description  " + manifest.description());
    out.println("  licence      " + manifest.license());
    out.println("  API          " + manifest.requires() + ", here it is " + ApiVersion.CURRENT);
    List<FilterFactory<?>> filters = filters(plugin);
    if (!filters.isEmpty()) {
      out.println("  filters      " + names(filters));
    }
    List<Factory<?, ?>> others = new ArrayList<>(plugin.factories());
    others.removeAll(filters);
    if (!others.isEmpty()) {
      out.println("  others       " + names(others));
    }
    out.println("  SHA-256      " + plugin.sha256());
    out.flush();
  }

  private static List<FilterFactory<?>> filters(LoadedPlugin plugin) {
    List<FilterFactory<?>> filters = new ArrayList<>();
    for (Factory<?, ?> factory : plugin.factories()) {
      if (factory instanceof FilterFactory<?> filter) {
        filters.add(filter);
      }
    }
    return filters;
  }

  private static String names(List<? extends Factory<?, ?>> factories) {
    return String.join(", ", factories.stream().map(Factory::name).toList());
  }
}
