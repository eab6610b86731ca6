package io.sluice.api;

import japicmp.cmp.JApiCmpArchive;
import japicmp.cmp.JarArchiveComparator;
import japicmp.cmp.JarArchiveComparatorOptions;
import japicmp.model.JApiChangeStatus;
import japicmp.model.JApiClass;
import japicmp.model.JApiCompatibility;
import japicmp.model.JApiCompatibilityChange;
import japicmp.model.JApiCompatibilityChangeType;
import japicmp.model.JApiHasChangeStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What has become of the API between two versions, and which version it has to have for that.
 *
 * @param breaks what a plugin that was built before, or its source, may stumble over
 * @param additions what a plugin may use now that was not there before
 */
record ApiComparison(List<String> breaks, List<String> additions) {

  /** Interfaces that plugins implement; all others are implemented by the gateway. */
  private static final Set<String> OF_PLUGINS =
      Set.of(
          "io.sluice.api.AccessLogSink",
          "io.sluice.api.AccessLogSinkFactory",
          "io.sluice.api.EndpointSource",
          "io.sluice.api.EndpointSourceFactory",
          "io.sluice.api.Factory",
          "io.sluice.api.Filter",
          "io.sluice.api.FilterFactory",
          "io.sluice.api.LoadBalancer",
          "io.sluice.api.LoadBalancerFactory",
          "io.sluice.api.Payload");

  /** They harm only those who implement the interface. */
  private static final Set<JApiCompatibilityChangeType> NEW_DUTIES =
      Set.of(
          JApiCompatibilityChangeType.METHOD_ADDED_TO_INTERFACE,
          JApiCompatibilityChangeType.METHOD_ABSTRACT_ADDED_IN_IMPLEMENTED_INTERFACE);

  /**
   * Compares two jars.
   *
   * @param before as bytes, as {@code now}
   */
  static ApiComparison of(byte[] before, byte[] now) {
    JarArchiveComparatorOptions options = new JarArchiveComparatorOptions();
    options.getIgnoreMissingClasses().setIgnoreAllMissingClasses(true);
    ApiComparison comparison = new ApiComparison(new ArrayList<>(), new ArrayList<>());
    new JarArchiveComparator(options)
        .compare(
            new JApiCmpArchive(before, "0", "before.jar"), new JApiCmpArchive(now, "1", "now.jar"))
        .forEach(comparison::look);
    return comparison;
  }

  private void look(JApiClass type) {
    String name = type.getFullyQualifiedName();
    look(name, name, type, type);
    look(name, name, type.getSuperclass(), type.getSuperclass());
    type.getInterfaces().forEach(i -> look(name, name, i, i));
    type.getMethods().forEach(m -> look(name, name + "." + m.getName() + "()", m, m));
    type.getConstructors().forEach(c -> look(name, name + "()", c, c));
    type.getFields().forEach(f -> look(name, name + "." + f.getName(), f, f));
  }

  private void look(String type, String what, JApiCompatibility changed, JApiHasChangeStatus is) {
    boolean breaking = false;
    for (JApiCompatibilityChange change : changed.getCompatibilityChanges()) {
      boolean harmless =
          change.isBinaryCompatible() && change.isSourceCompatible()
              || NEW_DUTIES.contains(change.getType()) && !OF_PLUGINS.contains(type);
      if (!harmless) {
        breaking = true;
        breaks.add(what + ": " + change.getType());
      }
    }
    if (!breaking && is.getChangeStatus() == JApiChangeStatus.NEW) {
      additions.add(what);
    }
  }

  /**
   * The lowest version that says what has become of it. Below 1.0 the second number stands for the
   * first, and the third for the second.
   *
   * @param before the version before, as {@code 1.2.3}
   */
  String versionAfter(String before) {
    String[] numbers = before.split("\\.");
    int major = Integer.parseInt(numbers[0]);
    int minor = Integer.parseInt(numbers[1]);
    int patch = Integer.parseInt(numbers[2]);
    if (!breaks.isEmpty()) {
      return major == 0 ? "0." + (minor + 1) + ".0" : major + 1 + ".0.0";
    }
    if (!additions.isEmpty()) {
      return major == 0 ? "0." + minor + "." + (patch + 1) : major + "." + (minor + 1) + ".0";
    }
    return before;
  }
}
