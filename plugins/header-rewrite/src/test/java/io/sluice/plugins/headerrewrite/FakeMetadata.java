package io.sluice.plugins.headerrewrite;

import io.sluice.api.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Metadata in a list, with the rules that the API states. */
final class FakeMetadata implements Metadata {
  private final List<Map.Entry<String, String>> entries = new ArrayList<>();

  /** Puts in what a peer sent, which nobody checks. */
  FakeMetadata sent(String key, String value) {
    entries.add(Map.entry(key, value));
    return this;
  }

  List<String> lines() {
    return entries.stream().map(e -> e.getKey() + ": " + e.getValue()).toList();
  }

  @Override
  public @Nullable String get(String key) {
    List<String> all = getAll(key);
    return all.isEmpty() ? null : all.get(all.size() - 1);
  }

  @Override
  public List<String> getAll(String key) {
    return entries.stream()
        .filter(e -> e.getKey().equalsIgnoreCase(key))
        .map(Map.Entry::getValue)
        .toList();
  }

  @Override
  public void set(String key, String value) {
    check(key, value);
    remove(key);
    entries.add(Map.entry(key, value));
  }

  @Override
  public void add(String key, String value) {
    check(key, value);
    entries.add(Map.entry(key, value));
  }

  private static void check(String key, String value) {
    if (key.isEmpty() || key.startsWith("grpc-")) {
      throw new IllegalArgumentException("key");
    }
    if (value.chars().anyMatch(c -> c < ' ') || value.length() > 65_535) {
      throw new IllegalArgumentException("value");
    }
  }

  @Override
  public boolean remove(String key) {
    return entries.removeIf(e -> e.getKey().equalsIgnoreCase(key));
  }

  @Override
  public void forEach(BiConsumer<String, String> each) {
    entries.forEach(e -> each.accept(e.getKey(), e.getValue()));
  }

  @Override
  public int size() {
    return entries.size();
  }
}
