package io.sluice.gateway.cli;

import io.sluice.api.Factory;
import io.sluice.gateway.config.ConfigSchema;
import io.sluice.gateway.config.SettingsTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice schema}: what may stand in a configuration, for editors and for people. */
@Command(
    name = "schema",
    description = {
      "Print the JSON Schema of a configuration with the plugins that are there, for editors;",
      "or the settings of one of them."
    },
    mixinStandardHelpOptions = true)
public final class SchemaCommand implements SubCommand {
  private static final int FAILED = 1;

  @Spec private CommandSpec spec;

  @Mixin private PluginsOption plugins;

  @Option(
      names = "--markdown",
      paramLabel = "NAME",
      description = "Print the table of settings of the filter or other extension of this name.")
  private @Nullable String markdown;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Write to this file instead of standard output.")
  private @Nullable Path output;

  @Override
  public Integer call() throws IOException {
    try (Plugins taken = Plugins.of(plugins.folder(), Set.of())) {
      List<Factory<?, ?>> factories = taken.factories();
      String text;
      try {
        text = markdown == null ? schema(factories) : table(factories, markdown);
      } catch (IllegalArgumentException | LinkageError e) {
        spec.commandLine().getErr().println("settings of a plugin cannot be told: " + e);
        return FAILED;
      }
      if (text.isEmpty()) {
        String known = String.join(", ", factories.stream().map(Factory::name).sorted().toList());
        PrintWriter err = spec.commandLine().getErr();
        err.println("nothing is named '" + markdown + "': known are " + known);
        return FAILED;
      }
      if (output == null) {
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
      } else {
        Files.writeString(output, text);
      }
      return 0;
    }
  }

  private static String schema(List<Factory<?, ?>> factories) {
    return ConfigSchema.of(factories).encodePrettily() + "\n";
  }

  private static String table(List<Factory<?, ?>> factories, String name) {
    StringBuilder tables = new StringBuilder();
    for (Factory<?, ?> factory : factories) {
      if (factory.name().equals(name)) {
        SettingsTable.allOf(factory.settings())
            .forEach(table -> tables.append(tables.isEmpty() ? "" : "\n").append(table));
      }
    }
    return tables.toString();
  }
}
