package io.sluice.gateway.config;

import io.sluice.api.Factory;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.api.Use;
import io.sluice.gateway.config.ConfigNode.Empty;
import io.sluice.gateway.config.ConfigNode.Entry;
import io.sluice.gateway.config.ConfigNode.Mapping;
import io.sluice.gateway.config.ConfigNode.Scalar;
import io.sluice.gateway.config.ConfigNode.Sequence;
import io.sluice.gateway.config.RecordShape.Component;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Turns the nodes of a file into records whose components are {@link Setting}s.
 *
 * <p>Binding does not stop at a fault: a faulty value is replaced by its default, or else by null,
 * false, 0 or nothing, so that the rest can still be checked. What was bound with faults is good
 * for finding more of them and for nothing else; nulls may be where the type allows none.
 */
final class Binder {
  private static final int MAX_DEPTH = 2 * BoundedParser.MAX_DEPTH;

  private final Faults faults;
  private final Positions positions;
  private final Scalars scalars;
  private final Secrets secrets;
  private final Extensions extensions;
  private final Path folder;
  private int depth;

  /**
   * @param faults where to add what is wrong
   * @param positions where to note what was bound from where
   * @param folder in which the file is; paths in it begin there
   * @param extensions that the file may name
   */
  Binder(Faults faults, Positions positions, Path folder, Extensions extensions) {
    this.faults = faults;
    this.positions = positions;
    this.scalars = new Scalars(faults, folder);
    this.secrets = new Secrets(faults, folder);
    this.extensions = extensions;
    this.folder = folder;
  }

  /** In which secrets were looked for so far. */
  SecretFiles secretFiles() {
    return secrets.files();
  }

  /**
   * Binds a record. A constructor's {@link IllegalArgumentException} is a fault of the file.
   *
   * @return null if there were faults that leave nothing to be made
   * @throws IllegalArgumentException if the type cannot hold settings
   * @throws RuntimeException whatever else the constructor throws
   */
  <T> @Nullable T bind(Class<T> type, ConfigNode node) {
    if (++depth > MAX_DEPTH) {
      throw new IllegalArgumentException(type.getName() + " holds itself without end");
    }
    try {
      RecordShape<T> shape = RecordShape.of(type);
      Mapping mapping = asMapping(shape, node);
      return mapping == null ? null : bind(shape, mapping, node);
    } finally {
      depth--;
    }
  }

  private @Nullable Mapping asMapping(RecordShape<?> shape, ConfigNode node) {
    if (node instanceof Mapping mapping) {
      return mapping;
    }
    if (node instanceof Empty) {
      return new Mapping(node.at(), Map.of());
    }
    if (node instanceof Scalar && shape.shorthand().isPresent()) {
      String key = shape.shorthand().get().name();
      return new Mapping(node.at(), Map.of(key, new Entry(node.at(), node)));
    }
    refuse(node, "a mapping", "its keys are " + String.join(", ", shape.keys()));
    return null;
  }

  private <T> @Nullable T bind(RecordShape<T> shape, Mapping mapping, ConfigNode node) {
    int before = faults.count();
    List<String> keys = shape.keys();
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              if (!keys.contains(key)) {
                String what = "unknown key " + Faults.quote(key);
                faults.add(entry.keyAt(), what, Spelling.hint(key, keys, "keys here are "));
              }
            });
    List<@Nullable Object> values = new ArrayList<>();
    for (Component component : shape.components()) {
      values.add(
          isMisplaced(shape, component, mapping)
              ? byDefault(component, mapping.at())
              : component(component, mapping));
    }
    try {
      T made = shape.make(values);
      positions.put((Record) made, node);
      if (faults.count() > before) {
        positions.faulty((Record) made);
      }
      return made;
    } catch (InvocationTargetException e) {
      if (faults.count() > before) {
        return null; // it may have stumbled over what replaces a faulty value
      }
      if (e.getCause() instanceof IllegalArgumentException unfit) {
        faults.add(mapping.at(), String.valueOf(unfit.getMessage()), "");
        return null;
      }
      throw unchecked(e.getCause());
    }
  }

  private static RuntimeException unchecked(Throwable thrown) {
    if (thrown instanceof Error error) {
      throw error;
    }
    return thrown instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(thrown);
  }

  /** Tells of a word that no value of this key is, but one of another key beside it. */
  private boolean isMisplaced(RecordShape<?> shape, Component component, Mapping mapping) {
    if (!(mapping.get(component.name()) instanceof Scalar word)
        || !Scalars.isEnum(component.type())
        || Scalars.isConstant(component.type(), word.text())) {
      return false;
    }
    for (Component other : shape.components()) {
      if (Scalars.isConstant(other.type(), word.text())) {
        faults.add(
            word.at(),
            Faults.quote(word.text()) + " is not known here",
            "did you mean " + Faults.quote(other.name() + ": " + word.text()) + "?");
        return true;
      }
    }
    return false;
  }

  private @Nullable Object component(Component component, Mapping mapping) {
    ConfigNode node = nodeOf(component, mapping);
    if (mapping.get(component.name()) == null && component.setting().required()) {
      Entry empty = mapping.entries().get(component.name());
      String what = "key " + Faults.quote(component.name());
      if (empty == null) {
        faults.add(mapping.at(), "missing " + what, "it is required");
      } else {
        faults.add(empty.keyAt(), what + " has no value", "it is required");
      }
      return nothing(component.type());
    }
    Object value = node == null ? null : value(component.type(), component.setting(), node);
    if (value != null) {
      return value;
    }
    return node != null && component.type() instanceof Class<?> type && type.isRecord()
        ? null // faulty, and its own defaults might be faulty too
        : byDefault(component, mapping.at());
  }

  /** What is written for a component; null if nothing is. */
  private static @Nullable ConfigNode nodeOf(Component component, Mapping mapping) {
    ConfigNode node = mapping.get(component.name());
    boolean forUse = node instanceof Mapping;
    return component.shares() && forUse != (component.used() != null) ? null : node;
  }

  private @Nullable Object byDefault(Component component, Mark at) {
    if (!component.setting().fallback().isEmpty()) {
      return fallback(component, folder);
    }
    if (component.type() instanceof Class<?> type && type.isRecord() && !component.nullable()) {
      return Scalars.knows(type) ? null : bind(type, new Mapping(at, Map.of()));
    }
    return nothing(component.type());
  }

  /**
   * What a component is when the file does not have it.
   *
   * @param folder as of the binder
   * @throws IllegalArgumentException if that is no value of it, which is a fault of the code
   */
  static @Nullable Object fallback(Component component, Path folder) {
    String fallback = component.setting().fallback();
    Faults own = new Faults("");
    ConfigNode node =
        component.type() instanceof Class<?> type && Scalars.knows(type)
            ? new Scalar(Mark.START, fallback)
            : YamlReader.read(fallback, own);
    Object value =
        node == null
            ? null
            : new Binder(own, new Positions(), folder, new Extensions(List.of()))
                .value(component.type(), component.setting(), node);
    if (own.count() > 0) {
      String what = own.inOrder().get(0).what();
      throw new IllegalArgumentException("fallback of " + component.name() + ": " + what);
    }
    return value;
  }

  /** What stands for an absent value that has no default of its own. */
  private static @Nullable Object nothing(Type type) {
    if (type instanceof ParameterizedType generic) {
      return generic.getRawType() == Use.class
          ? null
          : generic.getRawType() == List.class ? List.of() : Map.of();
    }
    if (type == ConfigNode.class) {
      return new Empty(Mark.START);
    }
    Class<?> plain = (Class<?>) type;
    return plain.isPrimitive() ? Array.get(Array.newInstance(plain, 1), 0) : null;
  }

  private @Nullable Object value(Type type, Setting setting, ConfigNode node) {
    if (type == ConfigNode.class) {
      return node;
    }
    if (type == Secret.class) {
      return secrets.read(node, setting);
    }
    Class<?> used = RecordShape.used(type);
    if (used != null) {
      return use(Extensions.Kind.of(used), node);
    }
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? list(arguments[0], setting, node)
          : map(arguments[1], setting, node);
    }
    Class<?> plain = (Class<?>) type;
    return Scalars.knows(plain) ? scalar(plain, setting, node) : bind(plain, node);
  }

  // null without a name: a fault that has been told
  @SuppressWarnings("ConstantValue")
  private @Nullable Use<?> use(Extensions.Kind kind, ConfigNode node) {
    Named named = bind(Named.class, node);
    if (named == null || named.use() == null) {
      return null;
    }
    Mark at = positions.ofValue(named, "use");
    Factory<?, ?> factory = extensions.find(kind, named.use(), at, faults);
    String what = kind.text() + " " + Faults.quote(named.use());
    try {
      return factory == null ? null : use(factory, named);
    } catch (IllegalArgumentException e) {
      faults.add(at, what, String.valueOf(e.getMessage()));
    } catch (Throwable e) { // whatever its author's code may throw
      faults.add(at, what + " failed", e.toString());
    }
    return null;
  }

  private <T, S extends Record> @Nullable Use<T> use(Factory<T, S> factory, Named named) {
    int before = faults.count();
    ConfigNode with = named.with() instanceof Empty ? new Empty(positions.of(named)) : named.with();
    S settings = bind(factory.settings(), with);
    if (settings == null || faults.count() > before) {
      return null;
    }
    Use<T> use = Use.of(factory, settings);
    use.make(); // to see whether it can be
    return use;
  }

  private @Nullable Object scalar(Class<?> type, Setting setting, ConfigNode node) {
    if (!(node instanceof Scalar word)) {
      refuse(node, Scalars.name(type), "");
      return null;
    }
    Object value = scalars.read(type, word, setting);
    if (value instanceof Record made) {
      positions.put(made, node);
    }
    return value;
  }

  private @Nullable List<Object> list(Type of, Setting setting, ConfigNode node) {
    if (!(node instanceof Sequence sequence)) {
      refuse(node, "a list", "put '- ' before each item, or write [a, b]");
      return null;
    }
    if (setting.required() && sequence.items().isEmpty()) {
      faults.add(node.at(), "the list is empty", "at least one item is required");
    }
    List<Object> items = new ArrayList<>();
    for (ConfigNode item : sequence.items()) {
      Object value = item instanceof Empty ? null : value(of, setting, item);
      if (item instanceof Empty) {
        faults.add(item.at(), "an item of the list is empty", "");
      }
      if (value != null) {
        items.add(value);
      }
    }
    return List.copyOf(items);
  }

  private @Nullable Map<String, Object> map(Type of, Setting setting, ConfigNode node) {
    if (!(node instanceof Mapping mapping)) {
      refuse(node, "a mapping", "write 'name: value' in lines of their own");
      return null;
    }
    if (setting.required() && mapping.entries().isEmpty()) {
      faults.add(node.at(), "the mapping is empty", "at least one entry is required");
    }
    Map<String, Object> entries = new LinkedHashMap<>();
    mapping
        .entries()
        .forEach(
            (key, entry) -> {
              Object value = value(of, setting, key, entry);
              if (value != null) {
                entries.put(key, value);
              }
            });
    return Collections.unmodifiableMap(entries);
  }

  /** The value of a map's entry, which may be empty only if a record with defaults is wanted. */
  private @Nullable Object value(Type of, Setting setting, String key, Entry entry) {
    boolean record = of instanceof Class<?> type && type.isRecord() && !Scalars.knows(type);
    if (entry.value() instanceof Empty && !record) {
      String what = "key " + Faults.quote(key) + " has no value";
      faults.add(entry.keyAt(), what, "write \"\" for an empty text");
      return null;
    }
    return value(of, setting, entry.value());
  }

  private void refuse(ConfigNode node, String wanted, String right) {
    faults.add(node.at(), node.kind() + " where " + wanted + " belongs", right);
  }
}
