package io.sluice.testkit;

import io.sluice.api.Factory;
import io.sluice.gateway.plugin.SingleJar;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A plugin as a jar, to be loaded with a class loader of its own: by {@link
 * TestGateway.Builder#plugin}, or to see that it goes again.
 *
 * <pre>{@code
 * TestPlugin.of(RefuseFactory.class).assertUnloads("{use: refuse, with: {callers: [mallory]}}");
 * }</pre>
 */
public final class TestPlugin {
  private static final int PATIENCE_SECONDS = 60;
  private static final int LOOK_MILLIS = 200;

  private final Path jar;
  private final int patienceSeconds;

  private TestPlugin(Path jar, int patienceSeconds) {
    this.jar = jar;
    this.patienceSeconds = patienceSeconds;
  }

  /** The plugin that is this jar. */
  public static TestPlugin of(Path jar) {
    return new TestPlugin(jar, PATIENCE_SECONDS);
  }

  /**
   * The plugin that has this class, with all that lies in the same folder of classes: as Maven has
   * compiled them into {@code target/classes}, before there is a jar. Its manifest says what it has
   * to. Libraries that the plugin brings are not in it: with such, give the jar.
   */
  public static TestPlugin of(Class<? extends Factory<?, ?>> factory) {
    try {
      CodeSource source = factory.getProtectionDomain().getCodeSource();
      Path code = Path.of(source.getLocation().toURI());
      return of(Files.isDirectory(code) ? pack(code) : code);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(factory + " is in no file", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path pack(Path folder) throws IOException {
    Path jar = Files.createTempFile("sluice-testkit-", ".jar");
    jar.toFile().deleteOnExit();
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.putValue("Plugin-Id", "under-test");
    main.putValue("Plugin-Version", "0.0.0");
    main.putValue("Plugin-Requires", "*");
    main.putValue("Plugin-License", "none");
    main.putValue("Plugin-Description", "A plugin under test");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream packed = new JarOutputStream(out, manifest);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        String name = folder.relativize(file).toString().replace('\\', '/');
        if (!name.equals(JarFile.MANIFEST_NAME)) {
          packed.putNextEntry(new JarEntry(name));
          Files.copy(file, packed);
          packed.closeEntry();
        }
      }
    }
    return jar;
  }

  /** The same one, waited for not longer than this. */
  TestPlugin patience(int seconds) {
    return new TestPlugin(jar, seconds);
  }

  /** The jar. */
  public Path jar() {
    return jar;
  }

  /**
   * Loads the plugin into a gateway, makes a call by every protocol, takes it out again, and waits
   * until its classes are collected, for 60 s at most. A plugin that is held by something, such as
   * a thread that goes on after {@code stop()}, would fill the memory of a gateway in which it is
   * replaced many times.
   *
   * @param use its filter as the configuration uses it, as one line of YAML: see {@link
   *     TestGateway.Builder#use(String)}
   * @throws AssertionError if the plugin is refused, or is not collected; then with what holds it,
   *     as far as that can be seen
   */
  public void assertUnloads(String use) {
    assertUnloads(use, Request.ofEveryProtocol());
  }

  /** The same with these calls, whatever becomes of them. */
  public void assertUnloads(String use, List<Request> requests) {
    ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
    WeakReference<ClassLoader> code = runAndUnload(use, requests, collected);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
    try {
      while (System.nanoTime() < end) {
        System.gc();
        if (collected.remove(LOOK_MILLIS) == code) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    throw new AssertionError(
        jar.getFileName()
            + " is still held "
            + patienceSeconds
            + " s after it was taken out: "
            + holders(code.get()));
  }

  private static String holders(@Nullable ClassLoader code) {
    List<String> holders = code == null ? List.of() : SingleJar.holders(code);
    return holders.isEmpty() ? "what holds it is not to be seen" : String.join("; ", holders);
  }

  /** Apart, so that no variable of the caller's keeps the plugin. */
  private WeakReference<ClassLoader> runAndUnload(
      String use, List<Request> requests, ReferenceQueue<ClassLoader> collected) {
    try (SocketGateway gateway = (SocketGateway) TestGateway.of().plugin(jar).use(use).start()) {
      WeakReference<ClassLoader> code = new WeakReference<>(gateway.pluginCode(), collected);
      requests.forEach(gateway::call);
      gateway.unload();
      return code;
    }
  }
}
