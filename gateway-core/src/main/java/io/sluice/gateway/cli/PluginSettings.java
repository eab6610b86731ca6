package io.sluice.gateway.cli;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Settings of one filter that stand by themselves, to be checked as those in a configuration are.
 *
 * @param name what faults call them
 * @param yaml what would stand behind {@code with:}
 */
public record PluginSettings(String name, String yaml) {
  private static final String INDENT = "    ";

  /** What is certainly meant to be a file. */
  private static final Pattern FILE = Pattern.compile("\\S+\\.ya?ml");

  /** Lines of the configuration in front of the settings. */
  private static final int LINES_AHEAD = 3;

  private static final String REST =
      """
      listeners: {rpc: {address: '127.0.0.1:0'}}
      clusters: {any: {endpoints: ['127.0.0.1:1'], transport: framed}}
      routes: [{cluster: any}]
      """;

  /**
   * Those that are given.
   *
   * @param given the settings, or the name of a file with them
   * @throws NoSuchFileException if it is the name of a file that is not there
   * @throws IOException if the file cannot be read
   */
  static PluginSettings of(String given) throws IOException {
    try {
      Path file = Path.of(given);
      if (Files.isRegularFile(file)) {
        return new PluginSettings(given, Files.readString(file));
      }
      if (FILE.matcher(given).matches()) {
        throw new NoSuchFileException(given);
      }
    } catch (InvalidPathException e) {
      return new PluginSettings("settings", given); // so they are no file
    }
    return new PluginSettings("settings", given);
  }

  /**
   * Makes the filter of them, which is not started.
   *
   * @throws IllegalArgumentException if they are not right; the message has a line for each fault,
   *     with its place
   */
  public Filter make(FilterFactory<?> factory) {
    StringBuilder config = new StringBuilder("filters:\n- use: " + factory.name() + "\n");
    config.append(yaml.isBlank() ? "" : "  with:\n");
    yaml.lines().forEach(line -> config.append(INDENT).append(line).append('\n'));
    try {
      return ConfigLoader.load(name, config.append(REST).toString(), List.of(factory))
          .filters()
          .get(0)
          .filter();
    } catch (ConfigException e) {
      throw new IllegalArgumentException(
          e.faults().stream()
              .map(this::shifted)
              .map(Fault::toString)
              .collect(Collectors.joining("\n")),
          e);
    }
  }

  /** The same where the settings have it. */
  private Fault shifted(Fault fault) {
    int line = fault.line() - LINES_AHEAD;
    boolean within = line >= 1 && line <= yaml.lines().count();
    return new Fault(
        fault.file(),
        within ? line : 0,
        within ? Math.max(1, fault.column() - INDENT.length()) : 0,
        fault.what(),
        fault.right());
  }
}
