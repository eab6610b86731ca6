package io.sluice.gateway.plugin;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is known of a jar that is to be taken up, as far as that has come. Used by one thread. */
final class Attempt {
  private final String jar;
  private @Nullable Staged staged;
  private @Nullable PluginManifest manifest;

  /**
   * @param jar its name in the plugins folder
   */
  Attempt(String jar) {
    this.jar = jar;
  }

  String jar() {
    return jar;
  }

  /** It has been copied. */
  Staged staged(Staged copy) {
    staged = copy;
    return copy;
  }

  /** Its manifest has been found right. */
  PluginManifest manifest(PluginManifest read) {
    manifest = read;
    return read;
  }

  /** It is not taken. */
  PluginStatus refused(String reason) {
    return new PluginStatus(
        jar,
        PluginStatus.State.REFUSED,
        manifest == null ? "" : manifest.id(),
        manifest == null ? "" : manifest.version(),
        0,
        staged == null ? "" : staged.sha256(),
        List.of(),
        Instant.now(),
        reason);
  }
}
