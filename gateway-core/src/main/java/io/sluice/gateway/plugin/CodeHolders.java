package io.sluice.gateway.plugin;

import java.lang.ref.Reference;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds what keeps a plugin's code in memory: threads that are in it, and what threads reach by
 * their fields, such as thread-locals and the queues of timers. Nearest first, for a bounded number
 * of objects, and where the modules of the JDK let one look; so it may find nothing though there is
 * something. Blocks.
 */
final class CodeHolders {
  /** How many objects are looked at. */
  private static final int MAX_OBJECTS = 200_000;

  private static final int MAX_TOLD = 8;

  /** An object, and how it was come to. */
  private record Step(Object object, @Nullable Step from, String by) {

    /** As {@code thread 'x'.threadLocals.table[].value}. */
    String path() {
      Deque<String> parts = new ArrayDeque<>();
      for (Step step = this; step != null; step = step.from) {
        parts.addFirst(step.by);
      }
      return String.join("", parts);
    }
  }

  private final ClassLoader code;
  private final Collection<ClassLoader> others;
  private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Deque<Step> open = new ArrayDeque<>();
  private final Map<Class<?>, List<Field>> fields = new HashMap<>();
  private final Set<String> told = new LinkedHashSet<>();

  private CodeHolders(ClassLoader code, Collection<ClassLoader> others) {
    this.code = code;
    this.others = others;
  }

  /**
   * Looks for them.
   *
   * @param code of the plugin
   * @param others of plugins that are still there, which may have classes of the same names
   * @return in plain words, at most 8
   */
  static List<String> of(ClassLoader code, Collection<ClassLoader> others) {
    return new CodeHolders(code, others).find();
  }

  private List<String> find() {
    Map<Thread, StackTraceElement[]> threads = Thread.getAllStackTraces();
    for (Map.Entry<Thread, StackTraceElement[]> entry : threads.entrySet()) {
      Thread thread = entry.getKey();
      String name = "thread '" + thread.getName() + "'";
      if (thread.getClass().getClassLoader() == code) {
        tell(name + " is a " + thread.getClass().getName());
      }
      if (thread.getContextClassLoader() == code) {
        tell(name + " has its class loader for the context's");
      }
      for (StackTraceElement frame : entry.getValue()) {
        if (isOnlyHere(frame.getClassName())) {
          tell(name + " is in " + frame.getClassName() + '.' + frame.getMethodName());
          break;
        }
      }
      reach(thread, null, name);
    }
    while (!open.isEmpty() && seen.size() < MAX_OBJECTS && told.size() < MAX_TOLD) {
      expand(open.poll());
    }
    return List.copyOf(told);
  }

  private void tell(String what) {
    if (told.size() < MAX_TOLD) {
      told.add(what);
    }
  }

  private boolean isOnlyHere(String className) {
    return OnePlugin.hasLoaded(code, className)
        && others.stream().noneMatch(other -> OnePlugin.hasLoaded(other, className));
  }

  private void reach(Object object, @Nullable Step from, String by) {
    if (!seen.add(object)) {
      return;
    }
    Step step = new Step(object, from, by);
    if (object == code) {
      tell(step.path() + " is its class loader");
    } else if (object instanceof Class<?> type) {
      if (type.getClassLoader() == code) {
        tell(step.path() + " is its class " + type.getName());
      }
    } else if (object.getClass().getClassLoader() == code && from != null) {
      tell(step.path() + " is a " + object.getClass().getName());
    } else if (!(object instanceof ClassLoader)) {
      open.add(step);
    }
  }

  private void expand(Step step) {
    Object object = step.object();
    Class<?> type = object.getClass();
    if (type.isArray()) {
      if (!type.getComponentType().isPrimitive()) {
        for (int i = 0; i < Array.getLength(object); i++) {
          follow(Array.get(object, i), step, "[]");
        }
      }
      return;
    }
    for (Class<?> of = type; of != null; of = of.getSuperclass()) {
      for (Field field : fields.computeIfAbsent(of, CodeHolders::fieldsOf)) {
        boolean isStatic = Modifier.isStatic(field.getModifiers());
        String by = (isStatic ? " > " + of.getName() : "") + '.' + field.getName();
        try {
          follow(field.get(isStatic ? null : object), step, by);
        } catch (IllegalAccessException e) {
          throw new IllegalStateException(e); // access was asked for
        }
      }
    }
  }

  private void follow(@Nullable Object object, Step from, String by) {
    if (object != null && !(object instanceof String) && seen.size() < MAX_OBJECTS) {
      reach(object, from, by);
    }
  }

  /** Those that keep what they refer to, and may be read. */
  private static List<Field> fieldsOf(Class<?> type) {
    List<Field> readable = new ArrayList<>();
    if (type == Reference.class) {
      return readable; // what it refers to, it does not keep
    }
    Field[] declared;
    try {
      declared = type.getDeclaredFields();
    } catch (LinkageError e) {
      return readable; // a class is missing that one of them is of
    }
    for (Field field : declared) {
      if (!field.getType().isPrimitive() && field.getType() != String.class) {
        try {
          field.setAccessible(true);
          readable.add(field);
        } catch (InaccessibleObjectException e) {
          return readable; // the module is closed, so none of the others can be read either
        }
      }
    }
    return readable;
  }
}
