package io.sluice.plugins.acl;

import io.sluice.api.Call;
import io.sluice.api.Glob;
import java.util.List;

/**
 * A list of services, as {@link Names}: a call's fits with its package before it, or without.
 * Immutable.
 */
final class Services {
  private static final Services ANY = new Services(List.of());

  private final Names bare;
  private final Glob[] whole;

  private Services(List<Glob> items) {
    bare = Names.of(items);
    whole = items.toArray(Glob[]::new);
  }

  static Services of(List<Glob> items) {
    return items.isEmpty() ? ANY : new Services(items);
  }

  boolean fit(Call call) {
    if (bare.fit(call.service())) {
      return true;
    }
    if (call.packageName().isEmpty()) {
      return false;
    }
    for (Glob glob : whole) {
      if (glob.fits(call.packageName(), call.service())) {
        return true;
      }
    }
    return false;
  }
}
