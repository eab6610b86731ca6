package io.sluice.gateway.fuzz;

import io.sluice.api.FilterFactory;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.Fault;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;

/** Texts of configuration files: loaded, or refused with faults at places that there are. */
public final class ConfigUse {
  private ConfigUse() {}

  static void configuration(byte[] input) {
    isLoaded(new String(input, StandardCharsets.UTF_8), List.of());
  }

  /** Whether a text is a configuration; if not, its faults have been looked at. */
  public static boolean isLoaded(String text, Collection<? extends FilterFactory<?>> factories) {
    try {
      ConfigLoader.load("g.yaml", text, factories);
      return true;
    } catch (ConfigException e) {
      if (e.faults().isEmpty()) {
        throw new AssertionError("refused without a fault");
      }
      long lines = text.lines().count() + 1;
      e.faults().forEach(fault -> check(fault, lines));
      return false;
    }
  }

  private static void check(Fault fault, long lines) {
    boolean isPlace = fault.line() >= 1 && fault.line() <= lines && fault.column() >= 1;
    if (!isPlace || fault.toString().contains("\n")) {
      throw new AssertionError("of " + lines + " lines: " + fault);
    }
  }
}
