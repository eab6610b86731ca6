package io.sluice.gateway.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.Gateway;
import io.sluice.gateway.cli.Host;
import io.sluice.gateway.config.ConfigSource;
import io.sluice.gateway.config.LastGood;
import io.sluice.gateway.plugin.LoadedPlugin;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.awaitility.core.ThrowingRunnable;

/**
 * A real gateway in this process that follows a file and a plugins folder, as {@code sluice run}
 * does. Its listeners are {@code rpc} and {@code admin}.
 */
public final class FollowingGateway implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration LOOK = Duration.ofMillis(20);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Path file;
  private final Path jars;
  private final Host host;
  private final Gateway gateway;

  private FollowingGateway(Path folder, String text) throws IOException {
    file = Files.writeString(folder.resolve("gateway.yaml"), text);
    jars = Files.createDirectories(folder.resolve("plugins"));
    host = new Host(1, LOOK);
    try {
      LastGood lastGood = new LastGood(folder.resolve("state"), file);
      gateway = TestGateway.get(host.start(new ConfigSource(host.vertx(), file), jars, lastGood));
    } catch (IllegalStateException e) {
      host.close();
      TestGateway.get(host.vertx().close());
      throw e;
    }
  }

  /**
   * Starts one.
   *
   * @param folder is empty, or has a folder {@code plugins}
   * @param text of the configuration, such as {@link #config}
   */
  public static FollowingGateway start(Path folder, String text) {
    try {
      return new FollowingGateway(folder, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A configuration with one cluster, to which every call goes, and these filters. */
  public static String config(int port, String... filters) {
    return """
    listeners: {rpc: {address: '127.0.0.1:0'}, admin: {address: '127.0.0.1:0', serves: admin}}
    clusters:
      backend: {endpoints: ['127.0.0.1:%d'], transport: framed}
    routes:
      - {cluster: backend}
    filters: [%s]
    """
        .formatted(port, String.join(", ", List.of(filters)));
  }

  /** Writes the file anew, so that no look finds half of it. */
  public void configure(String text) {
    replace(file, text.getBytes(UTF_8));
  }

  /** Puts a jar into the plugins folder, in place of one of that name. */
  public void put(String name, byte[] jar) {
    replace(jars.resolve(name), jar);
  }

  public void remove(String jar) {
    try {
      Files.delete(jars.resolve(jar));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void replace(Path file, byte[] content) {
    try {
      Path written = Files.write(file.resolveSibling(file.getFileName() + ".new"), content);
      Files.move(written, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A page of the admin listener. */
  public String page(String path) {
    URI uri = URI.create("http://127.0.0.1:" + gateway.port("admin") + path);
    try {
      return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()).body();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the page says of the plugins, in its order. */
  public List<JsonObject> plugins() {
    JsonArray all = new JsonObject(page("/plugins")).getJsonArray("plugins");
    return all.stream().map(JsonObject.class::cast).toList();
  }

  /** The class loader of the only plugin that is in use. */
  public WeakReference<ClassLoader> code() {
    LoadedPlugin only = host.plugins().host().plugins().get(0);
    return new WeakReference<>(only.factories().get(0).getClass().getClassLoader());
  }

  /** Waits until this holds. */
  public static void soon(ThrowingRunnable holds) {
    await().atMost(PATIENCE).pollInterval(LOOK).untilAsserted(holds);
  }

  /** The file's name, as faults tell it. */
  public String file() {
    return file.toString();
  }

  public Gateway gateway() {
    return gateway;
  }

  public Peer connect() {
    return Peer.connect(gateway.port("rpc"));
  }

  @Override
  public void close() {
    host.stopFollowing();
    TestGateway.get(gateway.shutdown(Duration.ofMillis(200)));
    host.close();
  }
}
