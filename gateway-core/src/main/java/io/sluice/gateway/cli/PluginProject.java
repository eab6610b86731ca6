package io.sluice.gateway.cli;

import io.sluice.api.ApiVersion;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** The Maven project that a plugin begins with, made of the templates beside this class. */
final class PluginProject {
  private static final String TEMPLATES = "plugin/";

  private final Map<String, String> words = new LinkedHashMap<>();
  private final Path folder;

  private PluginProject(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes one.
   *
   * @param folder made if it is not there
   * @param name of the filter: lower case words joined by {@code -}
   * @throws FileAlreadyExistsException if there is something in the folder, or it is none; the
   *     message says which
   */
  static void write(Path folder, String name, String packageName, Distribution sluice)
      throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new FileAlreadyExistsException("it is a file already");
    }
    Files.createDirectories(folder);
    try (DirectoryStream<Path> there = Files.newDirectoryStream(folder)) {
      if (there.iterator().hasNext()) {
        throw new FileAlreadyExistsException("there is something in it already");
      }
    }
    PluginProject project = new PluginProject(folder);
    String stem = camelCase(name);
    String filter = stem.endsWith("Filter") ? stem : stem + "Filter";
    project.words.put("@name@", name);
    project.words.put("@package@", packageName);
    project.words.put("@class@", filter);
    project.words.put("@factory@", stem + "Factory");
    project.words.put("@settings@", stem + "Settings");
    project.words.put("@version@", sluice.version());
    project.words.put("@home@", sluice.home().toString());
    project.words.put("@repository@", xml(sluice.repository()));
    project.words.put("@requires@", xml(compatible(ApiVersion.CURRENT)));

    String main = "src/main/java/" + packageName.replace('.', '/') + '/';
    String test = "src/test/java/" + packageName.replace('.', '/') + '/';
    project.file("pom.xml.txt", "pom.xml");
    project.file("README.md.txt", "README.md");
    project.file("gitignore.txt", ".gitignore");
    project.file("package-info.java.txt", main + "package-info.java");
    project.file("Filter.java.txt", main + filter + ".java");
    project.file("Factory.java.txt", main + stem + "Factory.java");
    project.file("Settings.java.txt", main + stem + "Settings.java");
    project.file("Test.java.txt", test + filter + "Test.java");
  }

  private static String camelCase(String name) {
    StringBuilder camel = new StringBuilder();
    for (String word : name.split("-")) {
      camel.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
    }
    return camel.toString();
  }

  /**
   * The versions of the API that are compatible with this one: below 1.0 the second number stands
   * for the first.
   */
  static String compatible(String version) {
    String[] numbers = version.split("\\.");
    int major = Integer.parseInt(numbers[0]);
    int minor = Integer.parseInt(numbers[1]);
    String next = major == 0 ? "0." + (minor + 1) + ".0" : (major + 1) + ".0.0";
    return ">=" + version + " & <" + next;
  }

  private static String xml(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void file(String template, String path) throws IOException {
    String text = read(template);
    for (Map.Entry<String, String> word : words.entrySet()) {
      text = text.replace(word.getKey(), word.getValue());
    }
    Path file = folder.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text, StandardOpenOption.CREATE_NEW);
  }

  private static String read(String template) throws IOException {
    try (InputStream in = PluginProject.class.getResourceAsStream(TEMPLATES + template)) {
      if (in == null) {
        throw new FileNotFoundException(template);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
