package io.sluice.gateway.exchange;

import io.sluice.gateway.call.CallGuard;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.NamedFilter;
import java.lang.StackWalker.Option;
import java.lang.StackWalker.StackFrame;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out which filter has tried to change a call that it may not change any more, or not on this
 * thread, by the code that is on the stack. Safe for all threads.
 */
final class Misuse implements CallGuard {
  private static final String UNKNOWN = "unknown";
  private static final StackWalker STACK = StackWalker.getInstance(Option.RETAIN_CLASS_REFERENCE);

  private final FilterObserver observer;

  Misuse(FilterObserver observer) {
    this.observer = observer;
  }

  @Override
  public void misused(RpcCall call, @Nullable Object users, IllegalStateException how) {
    String filter =
        users instanceof FilterChain chain ? STACK.walk(frames -> nameOf(frames, chain)) : UNKNOWN;
    observer.misused(filter, call, how);
  }

  private static String nameOf(Stream<StackFrame> frames, FilterChain chain) {
    for (StackFrame frame : (Iterable<StackFrame>) frames::iterator) {
      for (NamedFilter filter : chain.filters()) {
        if (isOf(frame.getDeclaringClass(), filter)) {
          return filter.name();
        }
      }
    }
    return UNKNOWN;
  }

  /** Whether code is a filter's: from the same jar, or of a filter without one its own class. */
  private static boolean isOf(Class<?> code, NamedFilter named) {
    Class<?> filter = named.filter().getClass();
    return filter.getClassLoader() == Misuse.class.getClassLoader()
        ? code.getNestHost() == filter.getNestHost()
        : code.getClassLoader() == filter.getClassLoader();
  }
}
