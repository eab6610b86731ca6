package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.EndpointSource;
import io.sluice.api.EndpointSourceFactory;
import io.sluice.api.Factory;
import io.sluice.api.LoadBalancer;
import io.sluice.api.LoadBalancerFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where extensions come from. */
class PluginsTest {
  public record Settings() {}

  /** Finds nothing. */
  public static final class Source implements EndpointSourceFactory<Settings> {
    @Override
    public String name() {
      return "source-of-class-path";
    }

    @Override
    public Class<Settings> settings() {
      return Settings.class;
    }

    @Override
    public EndpointSource create(Settings settings) {
      return (context, found) -> {};
    }
  }

  /** Chooses the first. */
  public static final class First implements LoadBalancerFactory<Settings> {
    @Override
    public String name() {
      return "balancer-of-class-path";
    }

    @Override
    public Class<Settings> settings() {
      return Settings.class;
    }

    @Override
    public LoadBalancer create(Settings settings) {
      return (call, endpoints) -> 0;
    }
  }

  @Test
  void theClassPathHasExtensionsOfEveryKind(@TempDir Path folder) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(
        services.resolve(EndpointSourceFactory.class.getName()), Source.class.getName());
    Files.writeString(services.resolve(LoadBalancerFactory.class.getName()), First.class.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader with =
        new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
      thread.setContextClassLoader(with);
      try (Plugins plugins = Plugins.of(null, Set.of())) {
        assertThat(plugins.factories())
            .extracting(Factory::name)
            .contains("source-of-class-path", "balancer-of-class-path");
      }
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
