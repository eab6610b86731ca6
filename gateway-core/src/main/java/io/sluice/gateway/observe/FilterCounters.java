package io.sluice.gateway.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.api.FilterContext;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** Gives filters their counters. Safe for all threads. */
public final class FilterCounters implements FilterContext {
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");

  private final MeterRegistry registry;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();

  public FilterCounters(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public Counter counter(String name, String description) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a counter's name has lower case letters and digits, words joined by _: " + name);
    }
    return counters.computeIfAbsent(name, n -> register(n, description));
  }

  private Counter register(String name, String description) {
    io.micrometer.core.instrument.Counter counter =
        io.micrometer.core.instrument.Counter.builder("sluice." + name.replace('_', '.'))
            .description(description)
            .register(registry);
    return counter::increment;
  }
}
