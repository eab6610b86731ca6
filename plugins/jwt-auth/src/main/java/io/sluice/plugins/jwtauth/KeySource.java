package io.sluice.plugins.jwtauth;

import io.sluice.api.FilterContext;
import io.sluice.api.WatchedFile;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One of the places where keys come from: a secret of the configuration, or a file. */
final class KeySource {
  private static final Logger LOG = LoggerFactory.getLogger(KeySource.class);
  private static final int MAX_FILE = 1 << 20;
  private static final int MAX_KEYS = 1000;

  private final KeySetting setting;
  private final @Nullable Algorithm algorithm;
  private Supplier<List<VerificationKey>> keys = List::of;

  private KeySource(KeySetting setting, @Nullable Algorithm algorithm) {
    this.setting = setting;
    this.algorithm = algorithm;
  }

  /**
   * What a setting says.
   *
   * @throws IllegalArgumentException if its parts do not fit together
   */
  static KeySource of(KeySetting setting) {
    if ((setting.file() == null) == (setting.secret() == null)) {
      throw new IllegalArgumentException("give either file or secret");
    }
    Algorithm algorithm = Algorithm.named(setting.algorithm());
    if (algorithm == null && (setting.algorithm() != null || setting.secret() != null)) {
      throw new IllegalArgumentException("'algorithm' is one of " + Algorithm.help());
    }
    KeySource source = new KeySource(setting, algorithm);
    if (setting.secret() != null) {
      byte[] secret = setting.secret().value().getBytes(StandardCharsets.UTF_8);
      List<VerificationKey> key = List.of(VerificationKey.of(algorithm, setting.id(), secret));
      source.keys = () -> key;
    }
    return source;
  }

  /** Reads the file, if it is one, and keeps it in view. Blocks. */
  void open(FilterContext context, Duration refresh) throws Exception {
    if (setting.file() != null) {
      keys =
          WatchedFile.open(
                  context,
                  setting.file(),
                  refresh,
                  MAX_FILE,
                  this::read,
                  fault -> LOG.atWarn().setMessage("jwt-auth: {}").addArgument(fault).log())
              ::get;
    }
  }

  private List<VerificationKey> read(byte[] content) {
    String text = new String(content, StandardCharsets.UTF_8);
    List<VerificationKey> found =
        text.stripLeading().startsWith("{")
            ? JwkReader.read(text, algorithm, setting.id())
            : pem(text);
    if (found.isEmpty() || found.size() > MAX_KEYS) {
      throw new IllegalArgumentException(
          "it has " + found.size() + " keys that can be used: 1 to " + MAX_KEYS + " are right");
    }
    return List.copyOf(found);
  }

  private List<VerificationKey> pem(String text) {
    List<VerificationKey> found = new ArrayList<>();
    for (PublicKey key : PemReader.read(text)) {
      Algorithm own = algorithm == null ? Algorithm.usual(Kinds.of(key)) : algorithm;
      if (own == null) {
        throw new IllegalArgumentException("a key in it is none of RSA, EC and Ed25519");
      }
      found.add(VerificationKey.of(own, setting.id(), key));
    }
    return found;
  }

  /** Those that it has now; the same list as long as nothing has changed. */
  List<VerificationKey> keys() {
    return keys.get();
  }
}
