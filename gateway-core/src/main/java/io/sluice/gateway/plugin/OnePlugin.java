package io.sluice.gateway.plugin;

import java.nio.file.Path;
import org.pf4j.ClassLoadingStrategy;
import org.pf4j.JarPluginLoader;
import org.pf4j.JarPluginManager;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginLoader;

/**
 * PF4J's manager for one jar: with one for each, two versions of a plugin can be loaded at once.
 */
final class OnePlugin extends JarPluginManager {
  private static final SharedClasses PARENT = new SharedClasses(OnePlugin.class.getClassLoader());

  /**
   * @param folder in which the jar lies
   * @param api the version of the API that the gateway has
   */
  OnePlugin(Path folder, String api) {
    super(folder);
    setSystemVersion(api);
  }

  @Override
  protected PluginLoader createPluginLoader() {
    return new JarPluginLoader(this) {
      @Override
      protected PluginClassLoader createPluginClassLoader(Path jar, PluginDescriptor descriptor) {
        return new Loader(OnePlugin.this, descriptor);
      }
    };
  }

  /** Whether this class loader of a plugin has loaded a class of this name. */
  static boolean hasLoaded(ClassLoader code, String className) {
    return code instanceof Loader loader && loader.has(className);
  }

  /** Looks into the jar first, but for what is shared. */
  private static final class Loader extends PluginClassLoader {
    Loader(OnePlugin manager, PluginDescriptor descriptor) {
      super(manager, descriptor, PARENT, ClassLoadingStrategy.PAD);
    }

    boolean has(String className) {
      Class<?> found = findLoadedClass(className); // also if another one has made it
      return found != null && found.getClassLoader() == this;
    }

    @Override
    protected boolean shouldDelegateToParent(String className) {
      return SharedClasses.isShared(className);
    }
  }
}
