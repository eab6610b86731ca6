package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.assertFaults;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the lists of filters come to where calls pass one after another. */
class ChainChecksTest {
  private record None() {}

  /**
   * @param who whether it goes by who calls
   */
  private record May(@Setting(value = "Who.", fallback = "true") boolean who) {}

  /** Who calls. */
  private static final FilterFactory<None> WHO =
      Configs.factory("who", None.class, settings -> new Filter() {});

  /** What those may do. */
  private static final FilterFactory<May> MAY =
      new FilterFactory<>() {
        @Override
        public String name() {
          return "may";
        }

        @Override
        public List<String> comesAfter(May settings) {
          return settings.who() ? List.of("other", "who") : List.of("other");
        }

        @Override
        public Class<May> settings() {
          return May.class;
        }

        @Override
        public Filter create(May settings) {
          return new Filter() {};
        }
      };

  private static final String CONFIG =
      """
      listeners:
        rpc: {address: 'a:1', filters: [%s]}
        edge: {address: 'a:2'}
      clusters:
        c: {endpoints: ['a:1'], transport: framed, filters: [%s]}
        d: {endpoints: ['a:1'], transport: framed}
      routes:
        - {name: r, match: {listener: rpc}, cluster: d, filters: [%s]}
        - {name: s, cluster: c}
      filters: [%s]
      """;

  private static String config(String listener, String cluster, String route, String global) {
    return CONFIG.formatted(use(listener), use(cluster), use(route), use(global));
  }

  private static String use(String names) {
    return names.isEmpty() ? "" : "{use: " + names.replace(" ", "}, {use: ") + "}";
  }

  private static void assertRight(String text) {
    assertThat(Configs.load(text, WHO, MAY).routes()).hasSize(2);
  }

  private static void assertRefused(String text, String... faults) {
    assertFaults(text, List.of(WHO, MAY), faults);
  }

  @Test
  void whatComesFirstMayComeFromAnyListBefore() {
    assertRight(config("", "", "", "who may"));
    assertRight(config("who", "may", "may", ""));
    assertRight(config("may", "may", "may", "who"));
    assertRight(config("", "", "who may", ""));
  }

  @Test
  void whatIsNotThereNeedNotComeFirst() {
    assertRight(config("may", "may", "may", "may"));
  }

  @Test
  void listsThatNoCallPassesOneAfterAnotherAreNoChain() {
    assertRight(config("", "who", "may", ""));
  }

  @Test
  void aListInTheWrongOrderIsRefused() {
    assertRefused(
        config("", "", "", "may who"),
        "10:17: filter 'may' (global) comes before 'who' and goes by what that says: it has to"
            + " come after the one in g.yaml:10 (global)");
  }

  @Test
  void whetherAFilterGoesByAnotherIsForItsSettingsToSay() {
    String uses = config("", "", "", "may who");
    assertRight(uses.replace("{use: may}", "{use: may, with: {who: false}}"));
  }

  @Test
  void soAreListsThatAreSoTogether() {
    assertRefused(
        config("may", "who", "who", ""),
        "2:41: filter 'may' (listener rpc) comes before 'who' and goes by what that says: it has to"
            + " come after the one in g.yaml:8 (route r)",
        "2:41: filter 'may' (listener rpc) comes before 'who' and goes by what that says: it has to"
            + " come after the one in g.yaml:5 (cluster c)");
  }

  @Test
  void onceIsNotEnoughIfItComesAgain() {
    assertRefused(
        config("", "", "who", "who may"),
        "10:29: filter 'may' (global) comes before 'who' and goes by what that says: it has to"
            + " come after the one in g.yaml:8 (route r)");
  }

  @Test
  void aChainHasAnEnd() {
    String many = "who ".repeat(32).strip();
    assertRight(config(many, "", "", many));
    assertRefused(config(many, "", "who", many), "8:67: some calls pass 65 filters: at most 64");
  }

  @Test
  void aFactoryThatCannotTellItsOrderIsRefused() {
    FilterFactory<None> broken =
        new FilterFactory<>() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public List<String> comesAfter(None settings) {
            throw new StackOverflowError();
          }

          @Override
          public Class<None> settings() {
            return None.class;
          }

          @Override
          public Filter create(None settings) {
            return new Filter() {};
          }
        };
    assertFaults(
        config("", "", "", "broken"),
        List.of(broken),
        "10:17: filter 'broken' failed: java.lang.StackOverflowError");
  }
}
