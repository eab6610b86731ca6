package io.sluice.plugins.jwtauth;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.pf4j.Extension;

/**
 * Makes the filter {@code jwt-auth}.
 *
 * <pre>
 * use: jwt-auth
 * with:
 *   keys: [{file: jwks.json}]
 *   issuers: [https://id.example]
 *   audiences: [shop]
 *   claims: {tenant: x-tenant}
 * </pre>
 */
@Extension
public final class JwtAuthFactory implements FilterFactory<JwtAuthSettings> {
  /** What the header names of every protocol may be made of, and nothing of the protocols' own. */
  private static final Pattern KEY = Pattern.compile("(?!grpc-)[A-Za-z0-9][A-Za-z0-9._-]{0,254}");

  @Override
  public String name() {
    return "jwt-auth";
  }

  @Override
  public Class<JwtAuthSettings> settings() {
    return JwtAuthSettings.class;
  }

  /**
   * @throws IllegalArgumentException if a key's settings do not fit together, or a claim cannot go
   *     by the metadata that it is to
   */
  @Override
  public Filter create(JwtAuthSettings settings) {
    List<KeySource> sources = new ArrayList<>();
    for (int i = 0; i < settings.keys().size(); i++) {
      try {
        sources.add(KeySource.of(settings.keys().get(i)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("keys[" + i + "]: " + e.getMessage(), e);
      }
    }
    settings
        .claims()
        .forEach(
            (claim, key) -> {
              if (!KEY.matcher(key).matches()) {
                throw new IllegalArgumentException(
                    "claims." + claim + ": '" + key + "' cannot be a key of metadata");
              }
            });
    return new JwtAuth(settings, sources);
  }
}
