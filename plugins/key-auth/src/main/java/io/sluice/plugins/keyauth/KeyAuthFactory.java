package io.sluice.plugins.keyauth;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import org.pf4j.Extension;

/**
 * Makes the filter {@code key-auth}.
 *
 * <pre>
 * use: key-auth
 * with:
 *   keys:
 *     - {sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae, identity: web}
 *   file: keys.txt
 * </pre>
 */
@Extension
public final class KeyAuthFactory implements FilterFactory<KeyAuthSettings> {

  @Override
  public String name() {
    return "key-auth";
  }

  @Override
  public Class<KeyAuthSettings> settings() {
    return KeyAuthSettings.class;
  }

  /**
   * @throws IllegalArgumentException if there are neither keys nor a file, or a key is there twice
   */
  @Override
  public Filter create(KeyAuthSettings settings) {
    if (settings.keys().isEmpty() && settings.file() == null) {
      throw new IllegalArgumentException("nobody could pass: give keys or file");
    }
    return new KeyAuth(settings, Keys.of(settings.keys()));
  }
}
