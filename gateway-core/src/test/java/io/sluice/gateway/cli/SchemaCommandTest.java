package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.testkit.PluginJar;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaCommandTest {
  private static final String FACTORY =
      """
      import io.sluice.api.*;
      import org.pf4j.Extension;

      @Extension
      public class Maker implements FilterFactory<Maker.Settings> {
        public record Inner(
            @Setting(value = "Where.", required = true, pattern = "here|there") String place) {}
        public record Settings(
            @Setting(value = "How often.", fallback = "3", min = 1, max = 9) int times,
            @Setting("What else.") Inner inner) {}
        @Override public String name() { return "made"; }
        @Override public Class<Settings> settings() { return Settings.class; }
        @Override public Filter create(Settings settings) { return new Filter() {}; }
      }
      """;

  @TempDir private Path jars;

  @BeforeEach
  void start() {
    PluginJar.of("made", "1.0.0").with(FACTORY).writeTo(jars.resolve("made.jar"));
  }

  private Ran schema(String... more) {
    String[] args = new String[more.length + 2];
    args[0] = "--plugins";
    args[1] = jars.toString();
    System.arraycopy(more, 0, args, 2, more.length);
    return Ran.of(new SchemaCommand(), args);
  }

  @Test
  void theSchemaKnowsThePluginsThatAreThere() throws Exception {
    Ran ran = schema();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    JsonObject schema = new JsonObject(ran.out());
    assertThat(schema.getString("$schema"))
        .isEqualTo("https://json-schema.org/draft/2020-12/schema");
    assertThat(schema.getJsonArray("required")).containsExactly("listeners");
    JsonObject use =
        schema
            .getJsonObject("$defs")
            .getJsonObject("FilterUse")
            .getJsonObject("properties")
            .getJsonObject("use");
    assertThat(use.getJsonArray("enum")).contains("made");

    Path file = jars.resolve("schema.json");
    assertThat(schema("--output", file.toString()).out()).isEmpty();
    assertThat(Files.readString(file)).isEqualTo(ran.out());
  }

  @Test
  void theTableOfAPluginHasThoseOfItsParts() {
    assertThat(schema("--markdown", "made").out())
        .isEqualTo(
            """
            | Key | Type | Default | Range | Meaning |
            |---|---|---|---|---|
            | `times` | whole number | `3` | 1 to 9 | How often. |
            | `inner` | mapping | its defaults |  | What else. |

            | Key | Type | Default | Range | Meaning |
            |---|---|---|---|---|
            | `place` | text | required | `here\\|there` | Where. |
            """);
  }

  @Test
  void anUnknownNameIsToldWithThoseThereAre() {
    Ran ran = schema("--markdown", "maid");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err().strip()).isEqualTo("nothing is named 'maid': known are made");
  }
}
