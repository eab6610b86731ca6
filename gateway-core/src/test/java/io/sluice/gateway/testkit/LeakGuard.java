package io.sluice.gateway.testkit;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.netty.util.ResourceLeakTracker;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Makes a leaked buffer a failed test class. Registered for every class by {@code
 * META-INF/services}; it has to be loaded before Netty makes its first buffer.
 *
 * <p>Netty's detector speaks only when the leaked object has been collected and another one is
 * tracked, so at the end of each class this collects garbage until that has been seen to work, and
 * tracks something.
 */
public final class LeakGuard implements BeforeAllCallback, AfterAllCallback {
  private static final Queue<String> LEAKS = new ConcurrentLinkedQueue<>();
  private static final Queue<Recording<?>> DETECTORS = new ConcurrentLinkedQueue<>();
  private static final int COLLECTIONS = 3;
  private static final long COLLECTION_MILLIS = 2000;

  static {
    ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(
        new ResourceLeakDetectorFactory() {
          @Override
          @Deprecated
          public <T> ResourceLeakDetector<T> newResourceLeakDetector(
              Class<T> resource, int samplingInterval, long maxActive) {
            return newResourceLeakDetector(resource, samplingInterval);
          }

          @Override
          public <T> ResourceLeakDetector<T> newResourceLeakDetector(
              Class<T> resource, int samplingInterval) {
            Recording<T> detector = new Recording<>(resource, samplingInterval);
            DETECTORS.add(detector);
            return detector;
          }
        });
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    if (context.getParent().flatMap(ExtensionContext::getTestClass).isEmpty()) {
      LEAKS.clear();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    List<String> leaks = drain();
    if (!leaks.isEmpty()) {
      throw new AssertionError(
          leaks.size() + " leaked buffer(s), the first of them:\n" + leaks.get(0));
    }
  }

  /** Finds every leak up to now; each is told once. */
  static List<String> drain() {
    for (int i = 0; i < COLLECTIONS; i++) {
      collect();
      DETECTORS.forEach(Recording::speak);
    }
    List<String> leaks = new ArrayList<>();
    for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
      leaks.add(leak);
    }
    return leaks;
  }

  /** Returns when a collection has cleared weak references. */
  private static void collect() {
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    WeakReference<Object> canary = new WeakReference<>(new Object(), queue);
    try {
      do {
        System.gc();
      } while (queue.remove(COLLECTION_MILLIS) == null && canary.get() != null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A detector that keeps what it has to say. */
  private static final class Recording<T> extends ResourceLeakDetector<T> {
    private final Class<T> resource;

    Recording(Class<T> resource, int samplingInterval) {
      super(resource, samplingInterval);
      this.resource = resource;
    }

    /** Tracks something for a moment, upon which leaks are told. */
    @SuppressWarnings("unchecked") // the tracker only looks at the identity
    void speak() {
      T any = (T) new Object();
      ResourceLeakTracker<T> tracker = track(any);
      if (tracker != null) {
        tracker.close(any);
      }
    }

    @Override
    protected boolean needReport() {
      return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
      LEAKS.add(resource.getSimpleName() + ours(records));
    }

    /** Without the frames of whoever runs the tests. */
    private static String ours(String records) {
      return records
          .lines()
          .filter(line -> !line.matches("\\s+(java\\.base/|org\\.(junit|apache\\.maven)).*"))
          .collect(Collectors.joining("\n"));
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
      LEAKS.add(resource.getSimpleName() + " (no record of where)");
    }
  }
}
