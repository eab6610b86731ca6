package io.sluice.gateway.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.sluice.api.FilterFactory;
import io.sluice.gateway.testkit.PluginJar;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Code of a plugin comes, sees what it may, and goes. */
class LoadedPluginTest {
  private static final String API = "0.1.0";
  private static final String FACTORY =
      """
      import io.sluice.api.Filter;
      import io.sluice.api.FilterFactory;
      import org.pf4j.Extension;

      @Extension
      public class Maker implements FilterFactory<Maker.Settings> {
        public record Settings() {}
        static { /*static*/ }
        public Maker() { /*constructor*/ }
        @Override public String name() { return /*name*/"made"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Filter() {}; }
      }
      """;

  @TempDir private Path folder;
  @TempDir private Path copies;
  private Staging staging;

  @Test
  void itsExtensionsAreMadeByItsOwnClassLoader() throws Exception {
    LoadedPlugin plugin = load(FACTORY);

    assertThat(plugin.factories())
        .singleElement()
        .satisfies(f -> assertThat(f.name()).isEqualTo("made"));
    assertThat(plugin.factories().get(0).getClass().getClassLoader())
        .isSameAs(plugin.classLoader())
        .isNotSameAs(getClass().getClassLoader());
    plugin.release();
  }

  @Test
  void twoVersionsOfOneAreThereAtOnce() throws Exception {
    LoadedPlugin first = load(FACTORY);
    LoadedPlugin second = load(FACTORY.replace("/*name*/\"made\"", "\"made-anew\""));

    assertThat(first.factories().get(0).name()).isEqualTo("made");
    assertThat(second.factories().get(0).name()).isEqualTo("made-anew");
    first.release();
    assertThat(second.factories().get(0).create(null)).isNotNull();
    second.release();
  }

  @Test
  void unloadedItIsCollectedAndItsCopyGone() throws Exception {
    LoadedPlugin plugin = load(FACTORY);
    WeakReference<ClassLoader> code = new WeakReference<>(plugin.classLoader());
    assertThat(copies).isNotEmptyDirectory();

    plugin.release();
    plugin = null;

    assertThat(copies).isEmptyDirectory();
    await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(code.get()).isNull();
            });
  }

  @Test
  void itSeesWhatIsSharedAndNothingElseOfTheGateway() throws Exception {
    LoadedPlugin plugin = load(FACTORY);
    ClassLoader code = plugin.classLoader();

    assertThat(code.loadClass("io.sluice.api.FilterFactory")).isSameAs(FilterFactory.class);
    assertThat(code.loadClass("org.slf4j.Logger")).isSameAs(org.slf4j.Logger.class);
    assertThat(code.loadClass("java.sql.Connection")).isNotNull();
    assertThat(
            catchThrowableOfType(
                ClassNotFoundException.class, () -> code.loadClass("io.sluice.gateway.Gateway")))
        .isNotNull();
    assertThat(
            catchThrowableOfType(
                ClassNotFoundException.class, () -> code.loadClass("io.netty.buffer.ByteBuf")))
        .isNotNull();
    plugin.release();
  }

  @Test
  void aConstructorThatThrowsIsTold() {
    String source =
        FACTORY.replace("/*constructor*/", "throw new IllegalStateException(\"not today\");");

    assertThat(refusal(source))
        .isEqualTo("extension Maker cannot be made: java.lang.IllegalStateException: not today");
  }

  @Test
  void aStaticInitialiserThatThrowsIsTold() {
    String source =
        FACTORY.replace("/*static*/", "if (true) throw new IllegalStateException(\"never\");");

    assertThat(refusal(source))
        .isEqualTo("extension Maker cannot be made: java.lang.IllegalStateException: never");
  }

  @Test
  void aClassThatIsMissingIsTold() throws Exception {
    Path jar =
        PluginJar.of("maker", "1.0.0").with(FACTORY).without("Maker$Settings.class").writeTo(jar());

    assertThat(catchThrowableOfType(PluginRefused.class, () -> load(jar)).getMessage())
        .contains("Maker", "Maker$Settings");
  }

  private static final String PLUGIN =
      """
      public class Whole extends org.pf4j.Plugin {
        @Override public void stop() { /*stop*/ }
      }
      """;

  private LoadedPlugin withStop(String code) throws Exception {
    PluginJar jar = PluginJar.of("maker", "1.0.0").with(PLUGIN.replace("/*stop*/", code));
    return load(jar.with(FACTORY).says("Plugin-Class", "Whole").writeTo(jar()));
  }

  @Test
  void whateverItsStopDoesItGoes() throws Exception {
    LoadedPlugin plugin = withStop("throw new AssertionError(\"no\");");
    assertThat(copies).isNotEmptyDirectory();
    plugin.release();
    assertThat(copies).isEmptyDirectory();
  }

  @Test
  void aStopThatDoesNotComeBackIsNotWaitedForForEver() throws Exception {
    LoadedPlugin plugin =
        withStop("while (!Thread.interrupted()) java.util.concurrent.locks.LockSupport.park();");
    plugin.release();
    assertThat(copies).isEmptyDirectory();
  }

  @Test
  void whatItsOwnCodeMakesIsOfItsOwnToo() throws Exception {
    LoadedPlugin plugin = load(FACTORY);
    ClassLoader code = plugin.classLoader();
    byte[] bytes;
    try (var in = code.getResourceAsStream("Maker$1.class")) {
      bytes = in.readAllBytes();
    }
    ClassLoader made =
        new ClassLoader(code) {
          @Override
          protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            return name.equals("Maker$1")
                ? defineClass(name, bytes, 0, bytes.length)
                : super.loadClass(name, resolve);
          }
        };
    var constructor = made.loadClass("Maker$1").getDeclaredConstructor(code.loadClass("Maker"));
    constructor.setAccessible(true);

    assertThat(plugin.made(constructor.newInstance(plugin.factories().get(0)))).isTrue();
    assertThat(plugin.made(plugin.factories().get(0).create(null))).isTrue();
    assertThat(plugin.made("text")).isFalse();
    assertThat(plugin.made(this)).isFalse();
    plugin.release();
  }

  private Staging staging() {
    if (staging == null) {
      staging = new Staging(copies);
    }
    return staging;
  }

  private Path jar() {
    return folder.resolve("maker.jar");
  }

  private String refusal(String source) {
    return catchThrowableOfType(PluginRefused.class, () -> load(source)).getMessage();
  }

  private LoadedPlugin load(String source) throws Exception {
    return load(PluginJar.of("maker", "1.0.0").with(source).writeTo(jar()));
  }

  private LoadedPlugin load(Path jar) throws Exception {
    Staged staged = staging().copy(jar);
    return LoadedPlugin.load(staged, JarCheck.check(staged, API), API, 1);
  }
}
