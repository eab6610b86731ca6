package io.sluice.gateway.config;

import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.api.Use;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What reflection knows of a settings record: its components with their {@link Setting}s, and how
 * to make one.
 */
final class RecordShape<T> {

  /**
   * One component.
   *
   * @param name its key in the file
   * @param nullable whether it is null, rather than its defaults, when a record is absent
   * @param shares whether another component has the same key: a mapping is for the one that is a
   *     {@link Use}, and all else for the other
   */
  record Component(
      String name,
      Type type,
      Setting setting,
      boolean nullable,
      boolean isShorthand,
      boolean shares) {

    /** What is used, if it is a {@link Use}; else null. */
    @Nullable Class<?> used() {
      return RecordShape.used(type);
    }
  }

  private final Constructor<T> constructor;
  private final List<Component> components;

  private RecordShape(Constructor<T> constructor, List<Component> components) {
    this.constructor = constructor;
    this.components = List.copyOf(components);
  }

  /**
   * Looks at a record, which may be private to its package or plugin.
   *
   * @throws IllegalArgumentException if it cannot hold settings, saying why: this is a fault of the
   *     code, not of a file
   */
  static <T> RecordShape<T> of(Class<T> type) {
    if (!type.isRecord()) {
      throw new IllegalArgumentException(type.getName() + " is not a record");
    }
    List<Component> components = new ArrayList<>();
    List<String> keys = Arrays.stream(type.getRecordComponents()).map(RecordShape::key).toList();
    for (RecordComponent component : type.getRecordComponents()) {
      boolean shares = Collections.frequency(keys, key(component)) > 1;
      components.add(component(type, component, shares));
    }
    Class<?>[] parameters =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<T> constructor = type.getDeclaredConstructor(parameters);
      constructor.setAccessible(true);
      return new RecordShape<>(constructor, components);
    } catch (NoSuchMethodException e) {
      throw new IllegalArgumentException(type.getName() + " has no canonical constructor", e);
    }
  }

  private static String key(RecordComponent component) {
    Key key = component.getAnnotation(Key.class);
    return key == null ? component.getName() : key.value();
  }

  private static Component component(Class<?> owner, RecordComponent component, boolean shares) {
    String name = owner.getName() + "." + component.getName();
    Setting setting = component.getAnnotation(Setting.class);
    Type type = component.getGenericType();
    if (setting == null) {
      throw new IllegalArgumentException(name + " has no @Setting");
    }
    if (!isSupported(type)) {
      throw new IllegalArgumentException(name + " has a type that no setting can have: " + type);
    }
    boolean primitive = component.getType().isPrimitive();
    if (primitive && !setting.required() && setting.fallback().isEmpty()) {
      throw new IllegalArgumentException(name + " is primitive and so needs a fallback");
    }
    if (type == Secret.class && !setting.fallback().isEmpty()) {
      throw new IllegalArgumentException(name + " has a fallback, so it is no secret");
    }
    if (used(type) != null && !setting.fallback().isEmpty()) {
      throw new IllegalArgumentException(name + " has a fallback, but nobody knows what is there");
    }
    return new Component(
        key(component),
        type,
        setting,
        component.getAnnotatedType().isAnnotationPresent(Nullable.class),
        component.isAnnotationPresent(Shorthand.class),
        shares);
  }

  private static boolean isSupported(Type type) {
    if (type instanceof Class<?> plain) {
      return Scalars.knows(plain)
          || plain.isRecord()
          || plain == ConfigNode.class
          || plain == Secret.class;
    }
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return used(type) != null
          || generic.getRawType() == List.class && isSupported(arguments[0])
          || generic.getRawType() == Map.class
              && arguments[0] == String.class
              && isSupported(arguments[1]);
    }
    return false;
  }

  /** What is used, if the type is a {@link Use} of something that extensions make; else null. */
  static @Nullable Class<?> used(Type type) {
    return type instanceof ParameterizedType generic
            && generic.getRawType() == Use.class
            && generic.getActualTypeArguments()[0] instanceof Class<?> used
            && Extensions.Kind.of(used) != null
        ? used
        : null;
  }

  List<Component> components() {
    return components;
  }

  List<String> keys() {
    return components.stream().map(Component::name).distinct().toList();
  }

  Optional<Component> shorthand() {
    return components.stream().filter(Component::isShorthand).findFirst();
  }

  /**
   * Makes the record.
   *
   * @param values one for each component, in order
   * @throws InvocationTargetException with whatever its constructor threw
   */
  T make(List<@Nullable Object> values) throws InvocationTargetException {
    try {
      return constructor.newInstance(values.toArray());
    } catch (InstantiationException | IllegalAccessException e) {
      throw new IllegalStateException(e); // records are not abstract, and access was asked for
    }
  }
}
