package io.sluice.plugins.acl;

import io.sluice.api.Glob;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A list of names and patterns, one of which has to fit; no list fits all. Immutable. */
final class Names {
  /** One for all that fit anything: a call that asks many of them finds it at hand. */
  private static final Names ANY = new Names(List.of());

  private final boolean any;
  private final Set<String> literals = new HashSet<>();
  private final Glob[] globs;

  private Names(List<Glob> items) {
    any = items.isEmpty();
    items.stream().filter(Glob::isLiteral).map(Glob::toString).forEach(literals::add);
    globs = items.stream().filter(item -> !item.isLiteral()).toArray(Glob[]::new);
  }

  static Names of(List<Glob> items) {
    return items.isEmpty() ? ANY : new Names(items);
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
