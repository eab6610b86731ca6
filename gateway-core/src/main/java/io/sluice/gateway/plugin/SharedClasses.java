package io.sluice.gateway.plugin;

/**
 * What plugins see of the gateway: the packages that they share with it, and the JDK. Nothing else
 * of its class path, so that a plugin may bring its own version of any library.
 */
final class SharedClasses extends ClassLoader {
  private final ClassLoader gateway;

  /**
   * @param gateway has the shared packages
   */
  SharedClasses(ClassLoader gateway) {
    super("shared", ClassLoader.getPlatformClassLoader());
    this.gateway = gateway;
  }

  static boolean isShared(String className) {
    for (String prefix : JarCheck.SHARED) {
      if (className.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return isShared(name) ? gateway.loadClass(name) : super.loadClass(name, resolve);
  }
}
