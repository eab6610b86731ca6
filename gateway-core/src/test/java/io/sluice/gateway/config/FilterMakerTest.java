package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static io.sluice.gateway.config.Configs.assertFaults;
import static io.sluice.gateway.config.Configs.factory;
import static io.sluice.gateway.config.Configs.load;
import static io.sluice.gateway.config.Configs.remembering;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.ByteSize;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import io.sluice.gateway.config.Configs.Remembering;
import io.sluice.gateway.filter.NamedFilter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FilterMakerTest {

  private enum Colour {
    LIGHT_RED,
    BLUE
  }

  private record Point(
      @Setting(value = "", required = true) int x, @Setting(value = "", fallback = "7") int y) {}

  /** Every type that a setting may have; private, as a plugin's may be. */
  private record Everything(
      @Setting("") @Nullable String text,
      @Setting(value = "", fallback = "a b") String withFallback,
      @Setting(value = "", fallback = "1", min = 1, max = 3) int number,
      @Setting(value = "", fallback = "5000000000") long large,
      @Setting(value = "", fallback = "true") boolean flag,
      @Setting(value = "", fallback = "0.25", min = 0, max = 1) double share,
      @Setting(value = "", fallback = "90s") Duration time,
      @Setting("") @Nullable Duration noTime,
      @Setting(value = "", fallback = "1KiB") ByteSize size,
      @Setting("") @Nullable ByteSize noSize,
      @Setting(value = "", fallback = "light-red") Colour colour,
      @Setting(value = "", fallback = "[a, b]") List<String> words,
      @Setting("") List<Point> points,
      @Setting("") Map<String, List<Duration>> times,
      @Setting("") @Nullable Point point,
      @Setting(value = "", fallback = "{x: 3}") Point pointWithFallback) {}

  private record None() {}

  private static final FilterFactory<None> NONE = remembering("none", None.class);

  private static String use(String name) {
    return MINIMAL + "filters:\n  - use: " + name + "\n";
  }

  private static Record settings(String with, Class<? extends Record> type) {
    String text = use("f") + "    with: " + with + "\n";
    return ((Remembering) load(text, remembering("f", type)).filters().get(0).filter()).settings();
  }

  private static void assertSettingsFaults(
      String with, Class<? extends Record> type, String... faults) {
    assertFaults(use("f") + "    with: " + with + "\n", List.of(remembering("f", type)), faults);
  }

  @Test
  void absentSettingsHaveTheirFallbacks() {
    assertThat(settings("", Everything.class))
        .isEqualTo(
            new Everything(
                null,
                "a b",
                1,
                5_000_000_000L,
                true,
                0.25,
                Duration.ofSeconds(90),
                null,
                new ByteSize(1024),
                null,
                Colour.LIGHT_RED,
                List.of("a", "b"),
                List.of(),
                Map.of(),
                null,
                new Point(3, 7)));
  }

  @Test
  void settingsOfEveryTypeAreBound() {
    assertThat(
            settings(
                "{text: 5, withFallback: '', number: 3, large: -1, flag: false, share: 1,"
                    + " time: 1ms, noTime: 2h, size: 512, noSize: 1GiB, colour: blue, words: [c],"
                    + " points: [{x: 1}, {x: 2, y: 3}], times: {b: [1s, 2s], a: []},"
                    + " point: {x: 4}, pointWithFallback: {x: 5}}",
                Everything.class))
        .isEqualTo(
            new Everything(
                "5",
                "",
                3,
                -1,
                false,
                1.0,
                Duration.ofMillis(1),
                Duration.ofHours(2),
                new ByteSize(512),
                new ByteSize(1 << 30),
                Colour.BLUE,
                List.of("c"),
                List.of(new Point(1, 7), new Point(2, 3)),
                Map.of("b", List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)), "a", List.of()),
                new Point(4, 7),
                new Point(5, 7)));
  }

  @Test
  void faultsOfSettingsAreToldInTheirPlaces() {
    assertSettingsFaults(
        """
        {number: 4, large: 99999999999999999999, share: 1.5, colour: green,
              points: [{}, 5], times: {a: 1s, b: [1x], c: }, point: {x: }, txt: a, time: [],
              flag: 0}\
        """,
        Everything.class,
        "4:20: '4' is too large: at most 3",
        "4:30: '99999999999999999999' is too large: at most 9223372036854775807",
        "4:59: '1.5' is too large: at most 1",
        "4:72: 'green' is not known here: allowed are light-red, blue",
        "5:16: missing key 'x': it is required",
        "5:20: a single value where a mapping belongs: its keys are x, y",
        "5:35: a single value where a list belongs: put '- ' before each item, or write [a, b]",
        "5:43: '1x' is not a duration: write 250ms, 10s, 5m or 1h",
        "5:48: key 'c' has no value: write \"\" for an empty text",
        "5:62: key 'x' has no value: it is required",
        "5:68: unknown key 'txt': did you mean 'text'?",
        "5:82: a list where a duration such as 10s belongs",
        "6:13: '0' is neither true nor false: write one of these");
  }

  @Test
  void missingSettingsOfAFilterWithoutWithAreToldAtItsUse() {
    assertFaults(
        use("f"), List.of(remembering("f", Point.class)), "3:5: missing key 'x': it is required");
  }

  @Test
  void numbersAreWrittenPlainly() {
    assertSettingsFaults(
        "{number: 0x1, large: 1_000, share: NaN}",
        Everything.class,
        "4:20: '0x1' is not a whole number: write digits only, such as 1000",
        "4:32: '1_000' is not a whole number: write digits only, such as 1000",
        "4:46: 'NaN' is not a number: write one such as 0.5");
  }

  @Test
  void filtersAreMadeOncePerPlaceInTheirOrder() {
    LoadedConfig loaded =
        load(
            MINIMAL
                + """
                clusters: {c: {endpoints: ['a:1'], transport: framed}}
                filters: [{use: b}, {use: a}, {use: b}]
                routes: [{cluster: c, filters: [{use: a}]}]
                """,
            factory("a", None.class, s -> new Filter() {}),
            factory("b", None.class, s -> new Filter() {}));
    assertThat(loaded.filters()).extracting(NamedFilter::name).containsExactly("b", "a", "b");
    assertThat(loaded.filters().get(0).filter()).isNotSameAs(loaded.filters().get(2).filter());
    assertThat(loaded.routes().get(0).config()).isSameAs(loaded.model().routes().get(0));
    assertThat(loaded.routes().get(0).filters()).extracting(NamedFilter::name).containsExactly("a");
  }

  @Test
  void howAPlaceUsesAFilterIsChecked() {
    assertFaults(
        MINIMAL
            + """
            filters:
              - {use: none, when: {listener: other}}
              - {use: none, when: {}}
              - {use: none, onError: opne}
              - {use: none, answerWithin: 2h}
            """,
        List.of(NONE),
        "3:34: listener 'other' is not defined: there are rpc",
        "4:23: 'when' without a condition: a filter that sees all calls has none",
        "5:26: 'opne' is not known here: did you mean 'open'? allowed are closed, open",
        "6:31: '2h' is too long: at most 1h");
  }

  @Test
  void anAdminListenerHasNoFilters() {
    assertFaults(
        "listeners: {rpc: {address: '127.0.0.1:0'},\n"
            + "  admin: {address: '127.0.0.1:0', serves: admin, filters: [{use: none}]}}\n",
        List.of(NONE),
        "2:59: no calls pass an admin listener, and so no filters: give them to one that serves rpc");
  }

  @Test
  void anUnknownFilterIsToldWithThoseThereAre() {
    assertFaults(
        use("nine"),
        List.of(NONE, remembering("other", None.class)),
        "3:10: unknown filter 'nine': did you mean 'none'? known are none, other");
    assertFaults(use("x"), List.of(NONE), "3:10: unknown filter 'x': known are none");
  }

  @Test
  void twoFiltersOfOneNameAreAFaultWhereTheyAreUsed() {
    load(MINIMAL, NONE, NONE);
    assertFaults(
        use("none"),
        List.of(NONE, NONE),
        "3:10: more than one filter is named 'none': io.sluice.gateway.config.Configs$1,"
            + " io.sluice.gateway.config.Configs$1");
  }

  @Test
  void aFilterThatRefusesItsSettingsSaysWhy() {
    assertFaults(
        use("f"),
        List.of(
            factory(
                "f",
                None.class,
                s -> {
                  throw new IllegalArgumentException("give either a or b");
                })),
        "3:10: filter 'f': give either a or b");
  }

  @Test
  void aFilterThatFailsIsNamedWithWhatItThrew() {
    assertFaults(
        use("f"),
        List.of(
            factory(
                "f",
                None.class,
                s -> {
                  throw new NoClassDefFoundError("some/Thing");
                })),
        "3:10: filter 'f' failed: java.lang.NoClassDefFoundError: some/Thing");
    assertFaults(
        use("f"),
        List.of(
            factory(
                "f",
                None.class,
                s -> {
                  throw new IllegalStateException("at\nonce", new RuntimeException("inner"));
                })),
        "3:10: filter 'f' failed: java.lang.IllegalStateException: at once");
    assertFaults(
        use("f"),
        List.of(factory("f", None.class, s -> null)),
        "3:10: filter 'f': its factory made none");
  }

  private record Picky(@Setting(value = "", fallback = "a") String text) {
    Picky {
      switch (text) {
        case "bad" -> throw new IllegalArgumentException("text is bad");
        case "worse" -> throw new ArrayStoreException("worse");
        default -> {}
      }
    }
  }

  @Test
  void aRecordThatRefusesItsValuesSaysWhyAtItsPlace() {
    assertSettingsFaults("{text: bad}", Picky.class, "4:11: text is bad");
    assertSettingsFaults(
        "{text: worse}",
        Picky.class,
        "3:10: filter 'f' failed: java.lang.ArrayStoreException: worse");
  }

  private record Bare(String text) {}

  private record Odd(@Setting("") Thread thread) {}

  private record Primitive(@Setting("") int number) {}

  private record BadFallback(@Setting(value = "", fallback = "x") int number) {}

  private record Endless(@Setting("") @Nullable String text, @Setting("") Endless again) {}

  @Test
  void aRecordThatCannotHoldSettingsIsAFaultOfItsFilter() {
    String name = "io.sluice.gateway.config.FilterMakerTest$";
    assertFaults(
        use("f"),
        List.of(remembering("f", Bare.class)),
        "3:10: filter 'f': " + name + "Bare.text has no @Setting");
    assertFaults(
        use("f"),
        List.of(remembering("f", Odd.class)),
        "3:10: filter 'f': "
            + name
            + "Odd.thread has a type that no setting can have: class java.lang.Thread");
    assertFaults(
        use("f"),
        List.of(remembering("f", Primitive.class)),
        "3:10: filter 'f': " + name + "Primitive.number is primitive and so needs a fallback");
    assertFaults(
        use("f"),
        List.of(remembering("f", BadFallback.class)),
        "3:10: filter 'f': fallback of number: 'x' is not a whole number");
    assertFaults(
        use("f"),
        List.of(remembering("f", Endless.class)),
        "3:10: filter 'f': " + name + "Endless holds itself without end");
  }

  @Test
  void noFilterIsMadeFromFaultySettings() {
    AtomicInteger made = new AtomicInteger();
    FilterFactory<Point> counting =
        factory(
            "f",
            Point.class,
            s -> {
              made.incrementAndGet();
              return new Filter() {};
            });
    assertFaults(
        use("f") + "    with: {x: 1, y: z}\n",
        List.of(counting),
        "4:21: 'z' is not a whole number: write digits only, such as 1000");
    assertThat(made).hasValue(0);
  }
}
