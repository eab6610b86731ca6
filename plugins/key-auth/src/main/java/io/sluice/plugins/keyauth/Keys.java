package io.sluice.plugins.keyauth;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Who has which key. Immutable. */
final class Keys {
  /** Letters of a key at most; longer ones are not even looked up. */
  static final int MAX_KEY = 1024;

  /** How many keys a file may have. */
  static final int MAX_KEYS = 100_000;

  private static final Pattern LINE =
      Pattern.compile("([0-9a-fA-F]{64})\\s+([^\\s\\x00-\\x1f\\x7f]{1,256})");

  private final Map<Digest, String> identities;

  private Keys(Map<Digest, String> identities) {
    this.identities = identities;
  }

  /**
   * Those of the configuration.
   *
   * @throws IllegalArgumentException if one is there twice
   */
  static Keys of(List<KeySetting> settings) {
    Map<Digest, String> identities = new HashMap<>();
    for (KeySetting setting : settings) {
      if (identities.put(Digest.parse(setting.sha256().value()), setting.identity()) != null) {
        throw new IllegalArgumentException("keys: '" + setting.identity() + "' has a key twice");
      }
    }
    return new Keys(identities);
  }

  /**
   * These and those of a file: a line each, with the digest, spaces, and who has the key. Empty
   * lines do not count, nor do those that begin with {@code #}.
   *
   * @throws IllegalArgumentException if there is something else in it; shows nothing of what
   */
  Keys with(byte[] file) {
    Map<Digest, String> all = new HashMap<>(identities);
    int number = 0;
    for (String line : (Iterable<String>) text(file).lines()::iterator) {
      number++;
      String words = line.strip();
      if (words.isEmpty() || words.startsWith("#")) {
        continue;
      }
      Matcher matcher = LINE.matcher(words);
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "line " + number + ": write the SHA-256 of a key in hexadecimal, a space, an identity");
      }
      if (all.put(Digest.parse(matcher.group(1)), matcher.group(2)) != null) {
        throw new IllegalArgumentException("line " + number + ": this key is there already");
      }
      if (all.size() - identities.size() > MAX_KEYS) {
        throw new IllegalArgumentException("it has more than " + MAX_KEYS + " keys");
      }
    }
    return new Keys(all);
  }

  private static String text(byte[] file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(file)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("it is no text in UTF-8", e);
    }
  }

  int size() {
    return identities.size();
  }

  /** Who has this key; null if nobody. */
  @Nullable String identity(String key) {
    return key.length() > MAX_KEY ? null : identities.get(Digest.of(key));
  }
}
