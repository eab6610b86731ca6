package io.sluice.plugins.acl;

import io.sluice.api.Glob;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A list of names and patterns, one of which has to fit; no list fits all. Immutable. */
final class Names {
  private final boolean any;
  private final Set<String> literals = new HashSet<>();
  private final Glob[] globs;

  Names(List<Glob> items) {
    any = items.isEmpty();
    items.stream().filter(Glob::isLiteral).map(Glob::toString).forEach(literals::add);
    globs = items.stream().filter(item -> !item.isLiteral()).toArray(Glob[]::new);
  }

  boolean fit(String name) {
    if (any || !literals.isEmpty() && literals.contains(name)) {
      return true;
    }
    for (Glob glob : globs) {
      if (glob.fits(name)) {
        return true;
      }
    }
    return false;
  }
}
