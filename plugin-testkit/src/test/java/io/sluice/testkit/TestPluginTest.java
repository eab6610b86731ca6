package io.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.api.Protocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestPluginTest {

  @Test
  void thePluginIsLoadedWithAClassLoaderOfItsOwnAndGoesAgain() {
    TestPlugin plugin = TestPlugin.of(GuardFactory.class);
    try (TestGateway gateway =
        TestGateway.of().plugin(plugin.jar()).use("{use: guard, with: {refuse: [no]}}").start()) {
      for (Request request : Request.ofEveryProtocol()) {
        assertThat(gateway.call(request).text()).isEqualTo("hello");
        assertThat(gateway.call(request.to("Test", "no")).isOk()).isFalse();
      }
    }
    plugin.assertUnloads("{use: guard}");
  }

  @Test
  void whatKeepsItIsNamed() {
    TestPlugin plugin = TestPlugin.of(GuardFactory.class).patience(1);
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(
            () ->
                plugin.assertUnloads(
                    "{use: guard, with: {forgetful: true}}",
                    List.of(Request.by(Protocol.FRAMED).text("hello"))))
        .withMessageContaining("still held")
        .withMessageContaining("thread 'forgotten'");
  }

  @Test
  void whatIsNoPluginIsRefusedWithTheReason(@TempDir Path folder) throws IOException {
    Path jar = Files.writeString(folder.resolve("text.jar"), "no jar at all");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> TestGateway.of().plugin(jar).start())
        .withMessageContaining("text.jar is refused: it is no whole jar");
  }
}
