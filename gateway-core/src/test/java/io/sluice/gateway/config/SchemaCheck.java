package io.sluice.gateway.config;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.sluice.api.Factory;
import io.vertx.core.json.Json;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * Checks configurations against their schema, as an editor does, by a validator that is not ours.
 */
final class SchemaCheck {
  private final Schema schema;

  private SchemaCheck(Schema schema) {
    this.schema = schema;
  }

  static SchemaCheck of(Collection<? extends Factory<?, ?>> factories) {
    return new SchemaCheck(
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(ConfigSchema.of(factories).encode()));
  }

  /** What the schema has against a text. */
  List<String> faults(String yaml) {
    Object read = new Load(settings(yaml)).loadFromString(yaml);
    return schema.validate(Json.encode(json(read)), InputFormat.JSON).stream()
        .map(Error::toString)
        .toList();
  }

  private static LoadSettings settings(String yaml) {
    return LoadSettings.builder()
        .setSchema(new CoreSchema())
        .setBufferSize(yaml.length() + 1) // as YamlReader does, and for the same reason
        .build();
  }

  /** YAML's keys may be anything, those of JSON are texts. */
  private static Object json(Object yaml) {
    if (yaml instanceof Map<?, ?> map) {
      Map<String, Object> texts = new LinkedHashMap<>();
      map.forEach((key, value) -> texts.put(String.valueOf(key), json(value)));
      return texts;
    }
    return yaml instanceof List<?> list ? list.stream().map(SchemaCheck::json).toList() : yaml;
  }
}
