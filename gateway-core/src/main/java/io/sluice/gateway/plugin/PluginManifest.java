package io.sluice.gateway.plugin;

import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.pf4j.DefaultVersionManager;

/**
 * What a plugin's jar says of itself in {@code META-INF/MANIFEST.MF}.
 *
 * @param id lower case, words joined by {@code -}, at most 64 characters
 * @param version a semantic version
 * @param requires the versions of the API that it works with, such as {@code >=1.2.0 & <2.0.0}
 * @param license an SPDX expression, or whatever its author says; at most 200 characters
 * @param description one sentence, at most 200 characters
 */
public record PluginManifest(
    String id, String version, String requires, String license, String description) {
  private static final int MAX_TEXT = 200;
  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*");
  private static final int MAX_ID = 64;
  private static final DefaultVersionManager VERSIONS = new DefaultVersionManager();

  /**
   * Reads a jar's manifest.
   *
   * @param manifest null if the jar has none
   * @param api the version of the API that the gateway has
   * @throws PluginRefused if an entry is missing or wrong, or the plugin requires another API
   */
  static PluginManifest of(@Nullable Manifest manifest, String api) throws PluginRefused {
    if (manifest == null) {
      throw new PluginRefused(
          "the jar has no manifest", "META-INF/MANIFEST.MF must say Plugin-Id and Plugin-Version");
    }
    Attributes main = manifest.getMainAttributes();
    String id = text(main, "Plugin-Id");
    if (id.length() > MAX_ID || !ID.matcher(id).matches()) {
      throw new PluginRefused(
          "Plugin-Id '" + id + "' is no name", "write lower case words joined by '-'");
    }
    String version = text(main, "Plugin-Version");
    if (!isVersion(version)) {
      throw new PluginRefused(
          "Plugin-Version '" + version + "' is no version", "write one such as 1.4.0");
    }
    if (main.getValue("Plugin-Dependencies") != null) {
      throw new PluginRefused(
          "the plugin depends on other plugins", "put what it needs into its own jar");
    }
    if (main.getValue(Attributes.Name.CLASS_PATH) != null) {
      throw new PluginRefused(
          "the manifest has a Class-Path, to files outside of the jar",
          "put what it needs into its own jar");
    }
    String requires = text(main, "Plugin-Requires");
    checkApi(requires, api);
    return new PluginManifest(
        id, version, requires, text(main, "Plugin-License"), text(main, "Plugin-Description"));
  }

  private static String text(Attributes main, String key) throws PluginRefused {
    String value = main.getValue(key);
    if (value == null || value.isBlank()) {
      throw new PluginRefused("the manifest has no " + key, "every plugin says it");
    }
    if (value.length() > MAX_TEXT) {
      throw new PluginRefused(
          key + " has " + value.length() + " characters", "at most " + MAX_TEXT + " are read");
    }
    return value.strip();
  }

  private static boolean isVersion(String version) {
    try {
      VERSIONS.compareVersions(version, version);
      return true;
    } catch (RuntimeException e) { // of a parser that has exceptions of its own for each fault
      return false;
    }
  }

  private static void checkApi(String requires, String api) throws PluginRefused {
    boolean fits;
    try {
      fits = VERSIONS.checkVersionConstraint(api, requires);
    } catch (RuntimeException e) {
      throw new PluginRefused(
          "Plugin-Requires '" + requires + "' is no range of versions",
          "write one such as >=1.0.0 & <2.0.0");
    }
    if (!fits) {
      throw new PluginRefused(
          "the plugin requires version " + requires + " of the API, this gateway has " + api,
          "build it against that version, or run another gateway");
    }
  }
}
