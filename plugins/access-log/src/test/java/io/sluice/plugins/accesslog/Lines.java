package io.sluice.plugins.accesslog;

import static org.awaitility.Awaitility.await;

import io.sluice.api.FilterFactory;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A gateway with an access log, and what is in the log. */
final class Lines implements AutoCloseable {
  final TestGateway gateway;
  private final Path file;

  /**
   * @param config of the gateway, without filters
   * @param settings more of the filter's settings, as in {@code sample: 0}
   */
  Lines(String config, Path file, String settings, Probe... behind) {
    this.file = file;
    StringBuilder text = new StringBuilder(config);
    text.append("filters:\n  - {use: access-log, with: {file: '").append(file).append('\'');
    if (!settings.isEmpty()) {
      text.append(", ").append(settings);
    }
    text.append("}}\n");
    List<FilterFactory<?>> factories = new ArrayList<>();
    factories.add(new AccessLogFactory());
    for (Probe probe : behind) {
      var factory = probe.factory();
      text.append("  - {use: ").append(factory.name()).append("}\n");
      factories.add(factory);
    }
    gateway = TestGateway.start(text.toString(), 2, factories);
  }

  /** The lines, as soon as there are so many. */
  List<JsonObject> awaitLines(int count) {
    return await().atMost(Duration.ofSeconds(20)).until(this::read, lines -> lines.size() >= count);
  }

  /** The only line. */
  JsonObject awaitOne() {
    return awaitLines(1).get(0);
  }

  /** The lines that are there. */
  List<JsonObject> read() {
    return read(file);
  }

  static List<JsonObject> read(Path file) {
    try {
      return Files.readAllLines(file).stream().map(JsonObject::new).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    gateway.close();
  }
}
