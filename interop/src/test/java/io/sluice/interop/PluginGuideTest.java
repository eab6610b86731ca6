package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.Distribution;
import io.sluice.interop.harness.Guide;
import io.sluice.interop.harness.Guide.Part;
import io.sluice.interop.harness.Shell;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/plugins.md tells a new author to do, done word for word on the unpacked zip. */
final class PluginGuideTest {
  @TempDir Path folder;

  @Test
  void theGuideIsRightWordForWord() throws IOException {
    Distribution distribution = Distribution.unpack(folder);
    List<Part> parts =
        Guide.of(distribution.home().resolve("docs/plugins.md")).until("## Reference");
    assertThat(parts).hasSizeGreaterThan(8);
    try (Shell shell = new Shell(distribution.home())) {
      parts.forEach(shell::follow);
    }
  }
}
