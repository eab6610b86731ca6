package io.sluice.gateway.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import javax.lang.model.SourceVersion;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sluice plugin new}: a Maven project with a filter that works, to be changed at will. */
@Command(
    name = "new",
    description = "Begin a plugin: a Maven project with a filter that works, and its tests.",
    mixinStandardHelpOptions = true)
final class NewPluginCommand implements Callable<Integer> {
  private static final int FAILED = 1;
  private static final int MAX_NAME = 64;
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  private static final Pattern PACKAGE =
      Pattern.compile("[a-z_][A-Za-z0-9_]*(\\.[a-z_][A-Za-z0-9_]*)*");

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME",
      description = "The filter's name, such as my-filter: lower case words joined by '-'.")
  private String name;

  @Option(
      names = "--package",
      paramLabel = "NAME",
      defaultValue = "com.example.filters",
      description = "The Java package (default: ${DEFAULT-VALUE}).")
  private String packageName;

  @Option(
      names = "--dir",
      paramLabel = "FOLDER",
      description = "Where to put it (default: a new folder with the filter's name, here).")
  private @Nullable Path folder;

  @Override
  public Integer call() {
    if (name.length() > MAX_NAME || !NAME.matcher(name).matches() || name.equals("filter")) {
      throw new ParameterException(
          spec.commandLine(),
          "'"
              + name
              + "' cannot be the name: write lower case words joined by '-', such as"
              + " my-filter");
    }
    if (!PACKAGE.matcher(packageName).matches() || !SourceVersion.isName(packageName)) {
      throw new ParameterException(
          spec.commandLine(),
          "'" + packageName + "' is no package: write one such as com.example.filters");
    }
    PrintWriter err = spec.commandLine().getErr();
    Distribution sluice = Distribution.running();
    if (sluice == null) {
      err.println("this runs from no distribution, which has what a plugin is built with");
      return FAILED;
    }
    Path target = folder == null ? Path.of(name) : folder;
    try {
      PluginProject.write(target, name, packageName, sluice);
    } catch (FileAlreadyExistsException e) {
      err.println("cannot write " + target + ": " + e.getMessage());
      return FAILED;
    } catch (IOException e) {
      err.println("cannot write " + target + ": " + e);
      return FAILED;
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(target + " is there. Now:");
    out.println("  cd " + target + " && mvn package");
    out.println("  " + sluice.command() + " plugin verify target/" + name + "-0.1.0.jar");
    out.println("The guide: " + sluice.home().resolve("docs/plugins.md"));
    out.flush();
    return 0;
  }
}
