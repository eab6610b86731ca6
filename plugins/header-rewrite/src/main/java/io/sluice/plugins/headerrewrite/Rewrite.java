package io.sluice.plugins.headerrewrite;

import io.sluice.api.Setting;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is done to one kind of metadata, in the order rename, remove, set, add. */
public record Rewrite(
    @Setting("Keys that get this value in place of those they have; values may hold placeholders.")
        Map<String, String> set,
    @Setting("Keys that get this value beside those they have; values may hold placeholders.")
        Map<String, String> add,
    @Setting("Keys that go.") List<String> remove,
    @Setting("Keys whose values move to another key and replace what that one had.")
        Map<String, String> rename) {

  /** After any number of braces that stand for themselves. */
  private static final Pattern IDENTITY = Pattern.compile("(?<!\\{)(\\{\\{)*\\{identity}");

  /** Whether a value has the identity of the caller in it. */
  boolean tellsIdentity() {
    return Stream.of(set, add)
        .flatMap(values -> values.values().stream())
        .anyMatch(value -> IDENTITY.matcher(value).find());
  }

  /** Whether it leaves everything as it is. */
  boolean isEmpty() {
    return set.isEmpty() && add.isEmpty() && remove.isEmpty() && rename.isEmpty();
  }
}
