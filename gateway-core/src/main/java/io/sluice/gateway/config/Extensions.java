package io.sluice.gateway.config;

import io.sluice.api.AccessLogSink;
import io.sluice.api.AccessLogSinkFactory;
import io.sluice.api.EndpointSource;
import io.sluice.api.EndpointSourceFactory;
import io.sluice.api.Factory;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.LoadBalancer;
import io.sluice.api.LoadBalancerFactory;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The extensions that there are, by what they make and by their names. */
final class Extensions {

  /** What extensions make. */
  enum Kind {
    FILTER("filter", Filter.class, FilterFactory.class),
    SINK("access log sink", AccessLogSink.class, AccessLogSinkFactory.class),
    BALANCER("load balancer", LoadBalancer.class, LoadBalancerFactory.class),
    SOURCE("endpoint source", EndpointSource.class, EndpointSourceFactory.class);

    private final String text;
    private final Class<?> product;
    private final Class<?> factory;

    Kind(String text, Class<?> product, Class<?> factory) {
      this.text = text;
      this.product = product;
      this.factory = factory;
    }

    /** As faults tell it. */
    String text() {
      return text;
    }

    /** The one that makes this; null if none does. */
    static @Nullable Kind of(Class<?> product) {
      for (Kind kind : values()) {
        if (kind.product == product) {
          return kind;
        }
      }
      return null;
    }
  }

  private final Map<Kind, Map<String, List<Factory<?, ?>>>> byKind = new EnumMap<>(Kind.class);

  Extensions(Collection<? extends Factory<?, ?>> factories) {
    for (Kind kind : Kind.values()) {
      Map<String, List<Factory<?, ?>>> named = new TreeMap<>();
      for (Factory<?, ?> factory : factories) {
        if (kind.factory.isInstance(factory)) {
          named.computeIfAbsent(factory.name(), name -> new ArrayList<>()).add(factory);
        }
      }
      byKind.put(kind, named);
    }
  }

  /** All of a kind, in the order of their names. */
  List<Factory<?, ?>> of(Kind kind) {
    return byKind.get(kind).values().stream().flatMap(List::stream).toList();
  }

  /**
   * The one of a name.
   *
   * @param at where it is named
   * @return null if there was a fault, which has been added
   */
  @Nullable Factory<?, ?> find(Kind kind, String name, Mark at, Faults faults) {
    Map<String, List<Factory<?, ?>>> there = byKind.get(kind);
    List<Factory<?, ?>> named = there.getOrDefault(name, List.of());
    if (named.isEmpty()) {
      faults.add(at, "unknown " + kind.text + " " + Faults.quote(name), hint(name, there));
      return null;
    }
    if (named.size() > 1) {
      List<String> makers = named.stream().map(f -> f.getClass().getName()).sorted().toList();
      String what = "more than one " + kind.text + " is named " + Faults.quote(name);
      faults.add(at, what, String.join(", ", makers));
      return null;
    }
    return named.get(0);
  }

  private static String hint(String name, Map<String, List<Factory<?, ?>>> there) {
    if (there.isEmpty()) {
      return "there is none";
    }
    String guess =
        Spelling.closest(name, there.keySet())
            .map(meant -> "did you mean " + Faults.quote(meant) + "? ")
            .orElse("");
    return guess + "known are " + String.join(", ", there.keySet());
  }
}
