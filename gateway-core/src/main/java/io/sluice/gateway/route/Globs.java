package io.sluice.gateway.route;

import io.sluice.api.Call;
import io.sluice.api.Glob;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules for services whose names look like something, found by what these begin with, or else
 * end with: only what begins and ends with a wildcard is tried one by one. Immutable.
 */
final class Globs {

  private record Entry(Glob glob, Candidates candidates) {
    static final Comparator<Entry> LONGEST_FIRST =
        Comparator.<Entry>comparingInt(entry -> entry.glob.literals()).reversed();
  }

  private final Affixes<List<Entry>> byBegin;
  private final Affixes<List<Entry>> byEnd;
  private final List<Entry> others;

  Globs(Map<Glob, List<Rule>> rules) {
    Map<String, List<Entry>> begins = new HashMap<>();
    Map<String, List<Entry>> ends = new HashMap<>();
    List<Entry> rest = new ArrayList<>();
    rules.forEach(
        (glob, of) -> {
          List<Entry> place = rest;
          if (!glob.begin().isEmpty()) {
            place = begins.computeIfAbsent(glob.begin(), begin -> new ArrayList<>());
          } else if (!glob.end().isEmpty()) {
            place = ends.computeIfAbsent(glob.end(), end -> new ArrayList<>());
          }
          place.add(new Entry(glob, new Candidates(of)));
        });
    begins.values().forEach(entries -> entries.sort(Entry.LONGEST_FIRST));
    ends.values().forEach(entries -> entries.sort(Entry.LONGEST_FIRST));
    rest.sort(Entry.LONGEST_FIRST);
    byBegin = new Affixes<>(begins, false);
    byEnd = new Affixes<>(ends, true);
    others = rest;
  }

  /** The most specific of the rules that take a call of this service, or null. */
  @Nullable Rule find(String service, Call call) {
    Rule best = null;
    for (var node = byBegin.longest(service); node != null; node = node.shorter()) {
      best = better(best, node.value(), service, call);
    }
    for (var node = byEnd.longest(service); node != null; node = node.shorter()) {
      best = better(best, node.value(), service, call);
    }
    return better(best, others, service, call);
  }

  /** Adds all rules for this service. */
  void addRules(String service, Collection<Rule> rules) {
    for (var node = byBegin.longest(service); node != null; node = node.shorter()) {
      addRules(node.value(), service, rules);
    }
    for (var node = byEnd.longest(service); node != null; node = node.shorter()) {
      addRules(node.value(), service, rules);
    }
    addRules(others, service, rules);
  }

  private static void addRules(List<Entry> entries, String service, Collection<Rule> rules) {
    for (Entry entry : entries) {
      if (entry.glob.fits(service)) {
        rules.addAll(entry.candidates.all());
      }
    }
  }

  private static @Nullable Rule better(
      @Nullable Rule best, List<Entry> entries, String service, Call call) {
    Rule found = best;
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      if (found != null && entry.glob.literals() < found.match().glob().literals()) {
        return found;
      }
      if (entry.glob.fits(service)) {
        found = RouteTable.better(found, entry.candidates.find(call));
      }
    }
    return found;
  }
}
