package io.sluice.bench;

import io.sluice.api.ApiVersion;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.gateway.cli.Plugins;
import io.sluice.gateway.plugin.LoadedPlugin;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Filters as authors deliver them: each compiled, put into a jar of its own, and loaded from it.
 */
final class PluginFilters {
  private static final String SOURCE =
      """
      import io.sluice.api.Call;
      import io.sluice.api.Filter;
      import io.sluice.api.FilterFactory;
      import io.sluice.api.Status;
      import io.sluice.api.Step;
      import org.pf4j.Extension;

      @Extension
      public final class Maker implements FilterFactory<Maker.Settings> {
        public record Settings() {}

        @Override public String name() { return "NAME"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Made(); }

        static final class Made implements Filter {
          @Override public Step onRequest(Call call) {
            return REQUEST ? refuse() : Step.NEXT;
          }

          @Override public Step onResponse(Call call) {
            return RESPONSE ? refuse() : Step.NEXT;
          }

          private static Step refuse() {
            return Step.reject(Status.forbidden("not in this benchmark"));
          }
        }
      }
      """;

  /** What each asks of a call at its request, and at its response. */
  private static final Map<String, List<String>> ASKED =
      Map.of(
          "a", List.of("call.method().isEmpty()", "call.method().isEmpty()"),
          "b", List.of("call.service().isEmpty()", "call.service().isEmpty()"),
          "c", List.of("call.listener().isEmpty()", "call.route().isEmpty()"),
          "d", List.of("call.attempts() < 0", "call.responseBytes() < 0"),
          "e", List.of("!call.caller().isEmpty()", "call.cluster().isEmpty()"));

  private PluginFilters() {}

  /** Five of them, each of a class loader of its own. */
  static List<Filter> five() throws IOException {
    Path folder = Files.createTempDirectory("sluice-bench");
    Path jars = Files.createDirectory(folder.resolve("plugins"));
    for (Map.Entry<String, List<String>> asked : ASKED.entrySet()) {
      String source =
          SOURCE
              .replace("NAME", asked.getKey())
              .replace("REQUEST", asked.getValue().get(0))
              .replace("RESPONSE", asked.getValue().get(1));
      Path work = Files.createDirectory(folder.resolve(asked.getKey()));
      pack(asked.getKey(), compile(source, work), jars.resolve(asked.getKey() + ".jar"));
    }
    List<Filter> filters = new ArrayList<>();
    List<LoadedPlugin> plugins = Plugins.of(jars, Set.of()).host().plugins();
    plugins.forEach(plugin -> filters.addAll(made(plugin)));
    long loaders = filters.stream().map(f -> f.getClass().getClassLoader()).distinct().count();
    if (loaders != ASKED.size()) {
      throw new IllegalStateException(loaders + " class loaders, of " + plugins);
    }
    return filters;
  }

  private static List<Filter> made(LoadedPlugin plugin) {
    return plugin.factories().stream().map(of -> made((FilterFactory<?>) of)).toList();
  }

  private static <S extends Record> Filter made(FilterFactory<S> factory) {
    try {
      var constructor = factory.settings().getDeclaredConstructor();
      constructor.setAccessible(true);
      return factory.create(constructor.newInstance());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path compile(String source, Path work) throws IOException {
    Path file = Files.writeString(work.resolve("Maker.java"), source);
    Path classes = Files.createDirectory(work.resolve("classes"));
    List<String> options = new ArrayList<>(List.of("-d", classes.toString()));
    if (Runtime.version().feature() >= 23) {
      options.add("-proc:full");
    }
    options.add(file.toString());
    int failed =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, options.toArray(new String[0]));
    if (failed != 0) {
      throw new IllegalStateException("the plugin does not compile");
    }
    return classes;
  }

  private static void pack(String id, Path classes, Path jar) throws IOException {
    Manifest manifest = new Manifest();
    Attributes says = manifest.getMainAttributes();
    says.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    says.putValue("Plugin-Id", id);
    says.putValue("Plugin-Version", "1.0.0");
    says.putValue("Plugin-Requires", ApiVersion.CURRENT);
    says.putValue("Plugin-License", "Apache-2.0");
    says.putValue("Plugin-Description", "Asks a call and lets it pass.");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out, manifest);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        entries.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        Files.copy(file, entries);
        entries.closeEntry();
      }
    }
  }
}
