package io.sluice.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Codec;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ConfigLoader;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.config.MatchConfig;
import io.sluice.gateway.config.RouteConfig.Mode;
import io.sluice.gateway.filter.FilterChain;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The table finds what one that tries every rule in turn would find. */
class RouteTableTest {
  private static final Entrances NO_FILTERS = Entrances.all(FilterChain.of(List.of()));
  private static final Peer PEER = new Peer(new InetSocketAddress("127.0.0.1", 1));

  private static RpcCall call(String packageName, String service, String method) {
    return call(
        Protocol.TTHEADER, Codec.THRIFT, "rpc", "", "", packageName, service, method, Map.of());
  }

  private static RpcCall call(
      Protocol protocol,
      Codec codec,
      String listener,
      String caller,
      String destination,
      String packageName,
      String service,
      String method,
      Map<String, String> metadata) {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    metadata.forEach(headers::add);
    RpcCall call =
        new RpcCall(protocol, codec, listener, PEER, packageName, service, method, headers);
    call.caller(caller, "");
    call.destination(destination);
    return call;
  }

  /** A table as a file has it, or null if the file has faults, which ties are. */
  private static @Nullable RouteTable table(List<String> matches) {
    StringBuilder text =
        new StringBuilder(
            """
            listeners: {rpc: {address: 'localhost:0'}, edge: {address: 'localhost:0'}}
            clusters: {c: {endpoints: ['a:1'], transport: framed}}
            routes:
            """);
    for (int i = 0; i < matches.size(); i++) {
      String match = matches.get(i).isEmpty() ? "" : "match: {" + matches.get(i) + "}, ";
      text.append("  - {%sname: '%d', cluster: c}\n".formatted(match, i));
    }
    try {
      List<Rule> rules = new ArrayList<>();
      for (LoadedRoute route : ConfigLoader.load("t.yaml", text.toString(), List.of()).routes()) {
        rules.add(rule(route.config().matchOrAll(), route.config().name()));
      }
      return new RouteTable(NO_FILTERS, rules);
    } catch (ConfigException e) {
      assertThat(e.faults())
          .allMatch(
              fault -> fault.what().contains("as specific") || fault.what().contains("a second"));
      return null;
    }
  }

  private static Rule rule(MatchConfig match, String name) {
    return new Rule(
        match,
        new Route(name, null, 0, StreamLimits.NONE, false, false, Mode.AUTO, RouteChains.NO_MORE));
  }

  private static String find(RouteTable table, RpcCall call) {
    Rule rule = table.find(call);
    return rule == null ? "none" : rule.route().name();
  }

  /** One that is as simple as the page that describes it. */
  private static final class Naive {
    private record Hit(Rule rule, List<Integer> rank, boolean full) {}

    static String find(RouteTable table, RpcCall call) {
      Hit best = null;
      Comparator<Hit> order =
          Comparator.<Hit, Integer>comparing(hit -> hit.rank.get(0))
              .thenComparing(hit -> hit.rank.get(1))
              .thenComparing(hit -> hit.rank.get(2))
              .thenComparing(hit -> hit.rank.get(3))
              .thenComparing(hit -> hit.full);
      for (Rule rule : table.rules()) {
        for (boolean full : new boolean[] {true, false}) {
          String name = full ? call.packageName() + "." + call.service() : call.service();
          if (full && call.packageName().isEmpty() || !takes(rule.match(), name, call)) {
            continue;
          }
          Hit hit = new Hit(rule, rank(rule.match()), full);
          if (best == null || order.compare(hit, best) > 0) {
            best = hit;
          }
        }
      }
      return best == null ? "none" : best.rule.route().name();
    }

    private static boolean takes(MatchConfig m, String service, RpcCall call) {
      return (m.service() == null || m.service().equals(service))
          && (m.prefix() == null || service.startsWith(m.prefix()))
          && (m.glob() == null || fits(m.glob(), service))
          && (m.method() == null || fits(m.method(), call.method()))
          && (m.packageName() == null || m.packageName().equals(call.packageName()))
          && (m.codec() == null || m.codec() == call.codec())
          && (m.protocol() == null || m.protocol() == call.protocol())
          && (m.listener() == null || m.listener().equals(call.listener()))
          && (m.caller() == null || m.caller().equals(call.caller()))
          && (m.destination() == null || m.destination().equals(call.destination()))
          && m.metadata().entrySet().stream()
              .allMatch(e -> e.getValue().equals(call.metadata().get(e.getKey())));
    }

    private static boolean fits(Glob glob, String name) {
      String regex = glob.toString().replace(".", "\\.").replace("*", ".*").replace("?", ".");
      return name.matches(regex);
    }

    private static List<Integer> rank(MatchConfig m) {
      int conditions =
          count(m.packageName())
              + count(m.codec())
              + count(m.protocol())
              + count(m.listener())
              + count(m.caller())
              + count(m.destination())
              + m.metadata().size();
      int method = m.method() == null ? -1 : m.method().literals();
      boolean whole = m.method() != null && m.method().isLiteral();
      int kind = m.service() != null ? 3 : m.prefix() != null ? 2 : m.glob() != null ? 1 : 0;
      int length =
          switch (kind) {
            case 3 -> m.service().length();
            case 2 -> m.prefix().length();
            case 1 -> m.glob().literals();
            default -> 0;
          };
      return List.of(kind, length, whole ? 1000 : method, conditions);
    }

    private static int count(@Nullable Object condition) {
      return condition == null ? 0 : 1;
    }
  }

  /** Small alphabets, so that rules and calls meet often. */
  private static final class Generator {
    private final Random random;

    Generator(long seed) {
      random = new Random(seed);
    }

    String word(String letters, int least, int most) {
      StringBuilder word = new StringBuilder();
      for (int n = least + random.nextInt(most - least + 1); n > 0; n--) {
        word.append(letters.charAt(random.nextInt(letters.length())));
      }
      return word.toString();
    }

    boolean chance(int percent) {
      return random.nextInt(100) < percent;
    }

    String match() {
      List<String> parts = new ArrayList<>();
      switch (random.nextInt(4)) {
        case 0 -> parts.add("service: '" + word("ab.", 0, 4) + "'");
        case 1 -> parts.add("prefix: '" + word("ab.", 1, 3) + "'");
        case 2 -> parts.add("glob: '" + word("ab.*?", 1, 5) + "'");
        default -> {}
      }
      if (chance(40)) {
        parts.add("method: '" + (chance(70) ? word("mn", 1, 1) : word("mn*?", 1, 2)) + "'");
      }
      if (chance(15)) {
        parts.add("package: " + word("ab", 1, 1));
      }
      if (chance(15)) {
        parts.add("codec: " + (chance(50) ? "thrift" : "protobuf"));
      }
      if (chance(15)) {
        parts.add("protocol: " + (chance(50) ? "framed" : "ttheader"));
      }
      if (chance(15)) {
        parts.add("listener: " + (chance(50) ? "rpc" : "edge"));
      }
      if (chance(15)) {
        parts.add("caller: " + word("xy", 1, 1));
      }
      if (chance(15)) {
        parts.add("destination: " + word("xy", 1, 1));
      }
      if (chance(15)) {
        parts.add("metadata: {k: " + word("xy", 1, 1) + "}");
      }
      return String.join(", ", parts);
    }

    RpcCall call() {
      return RouteTableTest.call(
          chance(50) ? Protocol.FRAMED : Protocol.TTHEADER,
          chance(50) ? Codec.THRIFT : Codec.PROTOBUF,
          chance(50) ? "rpc" : "edge",
          word("xy", 0, 1),
          word("xy", 0, 1),
          word("ab", 0, 1),
          word("ab.", 0, 4),
          word("mn", 1, 2),
          chance(50) ? Map.of("K", word("xy", 1, 1)) : Map.of());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void findsWhatTryingEachInTurnFinds(long seed) {
    Generator generator = new Generator(seed);
    Set<String> found = new HashSet<>();
    int tables = 0;
    for (int i = 0; i < 40; i++) {
      List<String> matches = new ArrayList<>();
      RouteTable table = table(matches);
      while (matches.size() < 40) {
        matches.add(generator.match());
        RouteTable larger = table(matches);
        if (larger == null) {
          matches.remove(matches.size() - 1);
          if (generator.chance(10)) {
            break;
          }
        } else {
          table = larger;
        }
      }
      tables++;
      for (int n = 0; n < 300; n++) {
        RpcCall call = generator.call();
        String right = Naive.find(table, call);
        assertThat(find(table, call)).as("%s by %s", call, matches).isEqualTo(right);
        found.add(right);
      }
    }
    assertThat(tables).isEqualTo(40);
    assertThat(found).hasSizeGreaterThan(10).contains("none");
  }

  /** From the most specific to the least, whatever their order in the file. */
  @ParameterizedTest
  @CsvSource({
    "shop, Cart, get, 0",
    "shop, Cart, gut, 1",
    "shop, Cart, put, 2",
    "'', Cart, put, 3",
    "shop, Carts, put, 4",
    "shop, Order, put, 5",
    "ship, X, put, 6",
    "ship, XY, put, 7",
    "'', '', get, 8",
    "'', '', put, 9",
  })
  void theMostSpecificGoesFirst(String packageName, String service, String method, String route) {
    RouteTable table =
        table(
            List.of(
                "service: shop.Cart, method: get",
                "service: shop.Cart, method: g*",
                "service: shop.Cart",
                "service: Cart",
                "prefix: shop.C",
                "prefix: shop.",
                "glob: '*p.X'",
                "glob: '*p.*'",
                "service: '', method: get",
                ""));
    assertThat(find(table, call(packageName, service, method))).isEqualTo(route);
  }

  @Test
  void metadataOfEveryKindCounts() {
    RouteTable table = table(List.of("metadata: {env: canary}"));
    for (String key : List.of("env", "ENV", "RPC_PERSIST_env", "RPC_TRANSIT_env")) {
      assertThat(
              find(
                  table,
                  call(
                      Protocol.TTHEADER,
                      Codec.THRIFT,
                      "rpc",
                      "",
                      "",
                      "",
                      "S",
                      "m",
                      Map.of(key, "canary"))))
          .as(key)
          .isEqualTo("0");
    }
    assertThat(find(table, call("", "S", "m"))).isEqualTo("none");
  }

  @Test
  void aTableBehindItTakesOnlyWhatNoRuleTakes() {
    RouteTable behind =
        new RouteTable(
            NO_FILTERS,
            List.of(
                rule(match("shop.Cart", null, null), "behind"),
                rule(match("shop.Till", null, null), "behind")));
    RouteTable table = table(List.of("glob: '*.Cart'")).inFrontOf(behind);
    assertThat(find(table, call("shop", "Cart", "m"))).isEqualTo("0");
    assertThat(find(table, call("shop", "Till", "m"))).isEqualTo("behind");
    assertThat(find(table, call("shop", "Bag", "m"))).isEqualTo("none");
    assertThat(table.rules()).hasSize(1);
    assertThat(find(table(List.of("")).inFrontOf(behind), call("shop", "Till", "m")))
        .isEqualTo("0");
  }

  @ParameterizedTest
  @CsvSource({
    "shop.Cart, 1 2",
    "Cart, 1 2",
    "shop.Carts, 3 4",
    "shop.Order, 4",
    "bank.Bill, 7",
    "Bill, 7",
    "bank.Order, ''",
  })
  void theRoutesOfAServiceEndWithTheFirstThatTakesAllOfItsCalls(String service, String routes) {
    RouteTable table =
        table(
            List.of(
                "method: get",
                "service: Cart, method: get",
                "service: Cart",
                "prefix: shop.C, metadata: {k: v}",
                "prefix: shop.",
                "glob: 'shop.*'",
                "",
                "glob: '*Bill'"));
    assertThat(table.routesOf(service).stream().map(Route::name).collect(Collectors.joining(" ")))
        .isEqualTo(routes);
  }

  @Test
  void tenThousandOfEachKindAreFound() {
    List<Rule> rules = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      rules.add(rule(match("svc" + i, null, null), "s" + i));
      rules.add(rule(match(null, "pre" + i + ".", null), "p" + i));
      rules.add(rule(match(null, null, "glob" + i + ".*"), "g" + i));
      rules.add(rule(match(null, null, "*.tail" + i), "t" + i));
    }
    RouteTable table = new RouteTable(NO_FILTERS, rules);
    for (int i = 0; i < 10_000; i++) {
      assertThat(find(table, call("", "svc" + i, "m"))).isEqualTo("s" + i);
      assertThat(find(table, call("", "pre" + i + ".X", "m"))).isEqualTo("p" + i);
      assertThat(find(table, call("", "glob" + i + ".X", "m"))).isEqualTo("g" + i);
      assertThat(find(table, call("", "x.tail" + i, "m"))).isEqualTo("t" + i);
    }
    assertThat(find(table, call("", "other", "m"))).isEqualTo("none");
  }

  private static MatchConfig match(
      @Nullable String service, @Nullable String prefix, @Nullable String glob) {
    return new MatchConfig(
        service,
        prefix,
        glob == null ? null : Glob.parse(glob),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        Map.of());
  }
}
