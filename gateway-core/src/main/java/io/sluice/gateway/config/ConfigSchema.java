package io.sluice.gateway.config;

import io.sluice.api.ByteSize;
import io.sluice.api.Factory;
import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.gateway.config.Extensions.Kind;
import io.sluice.gateway.config.RecordShape.Component;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The configuration as a JSON Schema (draft 2020-12), from the records that it is bound to: for
 * editors, which then complete and check while one writes. Whatever it refuses the gateway refuses
 * too, so it knows that YAML's words are texts, numbers and null as the gateway takes them.
 */
public final class ConfigSchema {
  private static final String DRAFT = "https://json-schema.org/draft/2020-12/schema";

  /** What JSON calls that which YAML reads out of a single word. */
  private static final List<String> WORD = List.of("string", "number", "boolean");

  private static final String WHOLE = "^[+-]?[0-9]+$";
  private static final String DECIMAL = "^[+-]?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$";
  private static final String SIZE = "^ *[0-9]+ *([kKmMgG][iI])?[bB]? *$";
  private static final String TIME = "^[0-9]+ *(ms|s|m|h)$";
  private static final String ADDRESS = "^.+:[0-9]+$";

  private final Extensions extensions;
  private final Map<String, JsonObject> definitions = new TreeMap<>();
  private final Map<Class<?>, String> names = new HashMap<>();
  private final Map<Kind, String> kinds = new EnumMap<>(Kind.class);

  private ConfigSchema(Extensions extensions) {
    this.extensions = extensions;
  }

  /**
   * The schema of a configuration that may name these extensions.
   *
   * @throws IllegalArgumentException if the settings of one cannot be settings
   */
  public static JsonObject of(Collection<? extends Factory<?, ?>> factories) {
    ConfigSchema schema = new ConfigSchema(new Extensions(factories));
    JsonObject root =
        new JsonObject().put("$schema", DRAFT).put("title", "Configuration of a Sluice gateway");
    root.mergeIn(schema.object(GatewayConfig.class));
    JsonObject definitions = new JsonObject();
    schema.definitions.forEach(definitions::put);
    return root.put("$defs", definitions);
  }

  /** A mapping with the record's keys. */
  private JsonObject object(Class<?> type) {
    RecordShape<?> shape = RecordShape.of(type);
    JsonObject properties = new JsonObject();
    JsonArray required = new JsonArray();
    for (String key : shape.keys()) {
      List<Component> components =
          shape.components().stream().filter(c -> c.name().equals(key)).toList();
      boolean needed = components.stream().anyMatch(c -> c.setting().required());
      if (needed) {
        required.add(key);
      }
      properties.put(key, property(components, needed));
    }
    JsonObject object =
        new JsonObject()
            .put("type", "object")
            .put("properties", properties)
            .put("additionalProperties", false);
    return required.isEmpty() ? object : object.put("required", required);
  }

  private JsonObject property(List<Component> components, boolean required) {
    Component first = components.get(0);
    JsonObject schema = anyOf(components.stream().map(c -> value(c.type(), c.setting())).toList());
    JsonObject property = required ? schema : orNull(schema);
    if (!first.setting().value().isEmpty()) {
      property.put("description", first.setting().value() + range(first));
    }
    Object fallback = fallback(first);
    return fallback == null ? property : property.put("default", fallback);
  }

  private static JsonObject anyOf(List<JsonObject> schemas) {
    return schemas.size() == 1
        ? schemas.get(0)
        : new JsonObject().put("anyOf", new JsonArray(schemas));
  }

  /** A key without a value is as good as absent. */
  private static JsonObject orNull(JsonObject schema) {
    return anyOf(List.of(schema, new JsonObject().put("type", "null")));
  }

  /** What a schema of the written form cannot say. */
  private static String range(Component component) {
    Setting setting = component.setting();
    boolean amount = component.type() == Duration.class || component.type() == ByteSize.class;
    return amount && SettingsTable.isBounded(setting)
        ? " " + SettingsTable.range(component.type(), setting) + "."
        : "";
  }

  private static @Nullable Object fallback(Component component) {
    String fallback = component.setting().fallback();
    if (fallback.isEmpty()
        || !(component.type() instanceof Class<?> type)
        || !Scalars.knows(type)) {
      return null;
    }
    if (type == boolean.class) {
      return Boolean.valueOf(fallback);
    }
    if (type == double.class) {
      return Double.valueOf(fallback);
    }
    return type == int.class || type == Integer.class || type == long.class
        ? (Object) Long.valueOf(fallback)
        : fallback;
  }

  private JsonObject value(Type type, Setting setting) {
    Class<?> used = RecordShape.used(type);
    if (used != null) {
      return reference(kind(Kind.of(used)));
    }
    if (type instanceof ParameterizedType generic) {
      Type[] arguments = generic.getActualTypeArguments();
      return generic.getRawType() == List.class
          ? list(arguments[0], setting)
          : map(arguments[1], setting);
    }
    Class<?> plain = (Class<?>) type;
    if (plain == Secret.class) {
      return secret();
    }
    if (plain == ConfigNode.class) {
      return new JsonObject();
    }
    return Scalars.knows(plain) ? word(plain, setting) : reference(record(plain));
  }

  private JsonObject list(Type of, Setting setting) {
    JsonObject list = new JsonObject().put("type", "array").put("items", value(of, setting));
    return setting.required() ? list.put("minItems", 1) : list;
  }

  private JsonObject map(Type of, Setting setting) {
    JsonObject value = value(of, setting);
    boolean record = of instanceof Class<?> type && type.isRecord() && !Scalars.knows(type);
    JsonObject map =
        new JsonObject()
            .put("type", "object")
            .put("additionalProperties", record ? orNull(value) : value);
    return setting.required() ? map.put("minProperties", 1) : map;
  }

  private static JsonObject secret() {
    JsonObject named =
        new JsonObject()
            .put("type", "object")
            .put("properties", new JsonObject().put("env", text("")).put("file", text("")))
            .put("additionalProperties", false)
            .put("minProperties", 1)
            .put("maxProperties", 1);
    return anyOf(List.of(named, text("")));
  }

  /** What is written as one word. */
  private static JsonObject word(Class<?> type, Setting setting) {
    if (type.isEnum()) {
      return new JsonObject().put("enum", new JsonArray(Scalars.allowed(type)));
    }
    if (type == boolean.class) {
      return new JsonObject().put("enum", new JsonArray(List.of(true, false, "true", "false")));
    }
    if (type == int.class || type == Integer.class || type == long.class) {
      return bounded(setting, types("integer", "string").put("pattern", WHOLE));
    }
    if (type == double.class) {
      return bounded(setting, types("number", "string").put("pattern", DECIMAL));
    }
    if (type == Duration.class) {
      return types("string").put("pattern", TIME);
    }
    if (type == ByteSize.class) {
      return bounded(setting, types("integer", "string").put("pattern", SIZE));
    }
    if (type == Address.class || type == AddressTemplate.class) {
      return types("string").put("pattern", ADDRESS);
    }
    return text(setting.pattern());
  }

  private static JsonObject text(String pattern) {
    JsonObject text = new JsonObject().put("type", new JsonArray(WORD));
    return pattern.isEmpty() ? text : text.put("pattern", "^(?:" + pattern + ")$");
  }

  private static JsonObject types(String... types) {
    return new JsonObject()
        .put("type", types.length == 1 ? types[0] : new JsonArray(List.of(types)));
  }

  private static JsonObject bounded(Setting setting, JsonObject number) {
    if (setting.min() != Long.MIN_VALUE) {
      number.put("minimum", setting.min());
    }
    return setting.max() == Long.MAX_VALUE ? number : number.put("maximum", setting.max());
  }

  /** The definition of a record, by its name. */
  private String record(Class<?> type) {
    String known = names.get(type);
    if (known != null) {
      return known;
    }
    String name = free(type.getSimpleName());
    names.put(type, name);
    definitions.put(name, new JsonObject()); // its name is taken while its parts are described
    RecordShape<?> shape = RecordShape.of(type);
    JsonObject object = object(type);
    if (shape.components().stream().anyMatch(c -> c.type() == ConfigNode.class)) {
      uses(Kind.FILTER, object);
    }
    definitions.put(
        name,
        shape
            .shorthand()
            .map(part -> anyOf(List.of(object, value(part.type(), part.setting()))))
            .orElse(object));
    return name;
  }

  private String free(String name) {
    String free = name;
    for (int i = 2; definitions.containsKey(free); i++) {
      free = name + i;
    }
    return free;
  }

  /** The definition of how extensions of a kind are named in a setting, by its name. */
  private String kind(Kind kind) {
    String known = kinds.get(kind);
    if (known != null) {
      return known;
    }
    String name = free("use-of-" + kind.text().replace(' ', '-'));
    kinds.put(kind, name);
    definitions.put(name, new JsonObject());
    JsonObject object = object(Named.class);
    uses(kind, object);
    definitions.put(name, anyOf(List.of(object, names(kind))));
    return name;
  }

  private JsonObject names(Kind kind) {
    return new JsonObject()
        .put("enum", new JsonArray(extensions.of(kind).stream().map(Factory::name).toList()));
  }

  /** Says of a mapping with {@code use} and {@code with} what may stand there. */
  private void uses(Kind kind, JsonObject mapping) {
    JsonObject properties = mapping.getJsonObject("properties");
    properties.put("use", names(kind).mergeIn(described(properties.getJsonObject("use"))));
    JsonArray cases = new JsonArray();
    for (Factory<?, ?> factory : extensions.of(kind)) {
      JsonObject isUsed =
          new JsonObject()
              .put(
                  "properties",
                  new JsonObject().put("use", new JsonObject().put("const", factory.name())))
              .put("required", new JsonArray(List.of("use")));
      String settings = record(factory.settings());
      boolean needed = definitions.get(settings).containsKey("required");
      JsonObject with = reference(settings);
      JsonObject then =
          new JsonObject()
              .put("properties", new JsonObject().put("with", needed ? with : orNull(with)));
      if (needed) {
        then.put("required", new JsonArray(List.of("with")));
      }
      cases.add(new JsonObject().put("if", isUsed).put("then", then));
    }
    if (!cases.isEmpty()) {
      mapping.put("allOf", cases);
    }
  }

  private static JsonObject described(JsonObject property) {
    String description = property.getString("description");
    return description == null
        ? new JsonObject()
        : new JsonObject().put("description", description);
  }

  private static JsonObject reference(String name) {
    return new JsonObject().put("$ref", "#/$defs/" + name);
  }
}
