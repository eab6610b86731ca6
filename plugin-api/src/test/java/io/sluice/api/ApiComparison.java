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
import japicmp.model.JApiMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javassist.bytecode.AnnotationDefaultAttribute;

/**
 * What has become of the API between two versions, and which version it has to have for that.
 *
 * @param breaks what a plugin that was built before, or its source, may stumble over
 * @param additions what a plugin may use now that was not there before
 */
record ApiComparison(List<String> breaks, List<String> additions) {

  /**
   * Interfaces that the gateway implements, and plugins only call. All others plugins implement, or
   * may: one that is forgotten here is looked at too strictly, never too little.
   */
  static final Set<String> OF_THE_GATEWAY =
      Set.of(
          "io.sluice.api.Cache",
          "io.sluice.api.Call",
          "io.sluice.api.EndpointSource$Found",
          "io.sluice.api.FilterContext",
          "io.sluice.api.FilterContext$Counter",
          "io.sluice.api.FilterContext$Scheduled",
          "io.sluice.api.FilterContext$Timing",
          "io.sluice.api.LoadBalancer$Endpoints",
          "io.sluice.api.Metadata",
          "io.sluice.api.Outcome",
          "io.sluice.api.Redis");

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
              || NEW_DUTIES.contains(change.getType()) && OF_THE_GATEWAY.contains(type)
              || changed instanceof JApiMethod method && isElementWithDefault(method);
      if (!harmless) {
        breaking = true;
        breaks.add(what + ": " + change.getType());
      }
    }
    if (!breaking && is.getChangeStatus() == JApiChangeStatus.NEW) {
      additions.add(what);
    }
  }

  /** Whether it is an element of an annotation that those who write that need not name. */
  private static boolean isElementWithDefault(JApiMethod method) {
    return method.getNewMethod().isPresent()
        && method.getNewMethod().get().getMethodInfo().getAttribute(AnnotationDefaultAttribute.tag)
            != null;
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
