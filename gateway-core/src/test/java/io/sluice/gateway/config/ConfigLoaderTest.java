package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static io.sluice.gateway.config.Configs.assertFaults;
import static io.sluice.gateway.config.Configs.load;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.api.ByteSize;
import io.sluice.api.Filter;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import io.sluice.gateway.config.ConfigNode.Empty;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.RouteConfig.BusinessStatus;
import io.sluice.gateway.config.RouteConfig.Mode;
import io.sluice.gateway.config.RouteConfig.Transients;
import io.sluice.gateway.config.TransportConfig.Streaming;
import io.sluice.gateway.config.TransportConfig.Unary;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ConfigLoaderTest {
  private static final LimitsConfig DEFAULT_LIMITS =
      new LimitsConfig(
          ByteSize.parse("64MiB"),
          ByteSize.parse("256KiB"),
          1024,
          Duration.ofSeconds(5),
          Duration.ofSeconds(30),
          Duration.ofMinutes(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          ByteSize.parse("128MiB"),
          1000,
          5000,
          10_000,
          Duration.ofSeconds(5),
          10_000,
          0);

  @Test
  void defaultsFillWhatTheFileLeavesOut() {
    GatewayConfig model =
        load("""
        listeners:
          rpc: {address: 0.0.0.0:8888}
        clusters:
          echo: {endpoints: [a:1], transport: ttheader}
        routes:
          - cluster: echo
        """)
            .model();
    assertThat(model)
        .isEqualTo(
            new GatewayConfig(
                Map.of(
                    "rpc",
                    new ListenerConfig(
                        new Address("0.0.0.0", 8888),
                        Serves.RPC,
                        false,
                        ListenerConfig.Checksum.PASS,
                        ListenerConfig.GrpcStatus.MAPPED,
                        "sluice",
                        DEFAULT_LIMITS,
                        List.of())),
                Map.of(
                    "echo",
                    new ClusterConfig(
                        List.of(new EndpointConfig(AddressTemplate.parse("a:1"), 1)),
                        null,
                        new TransportConfig(Unary.TTHEADER, Streaming.SAME, false, 1024),
                        null,
                        null,
                        ClusterConfig.Balance.ROUND_ROBIN,
                        null,
                        Duration.ofSeconds(1),
                        null,
                        Duration.ofMinutes(1),
                        Duration.ofMinutes(5),
                        ClusterConfig.Connections.KEEP,
                        1024,
                        1000,
                        100,
                        10_000,
                        Duration.ofSeconds(5),
                        4096,
                        100_000,
                        ClusterConfig.Checksum.PASS,
                        new TemplateConfig(Map.of(), List.of(), Duration.ofMinutes(1), 1000),
                        List.of())),
                List.of(
                    new RouteConfig(
                        "default",
                        null,
                        "echo",
                        Map.of(),
                        null,
                        new StreamConfig(null, null, null, null, null, null, null, null),
                        Transients.TRANSPARENT,
                        BusinessStatus.EXCEPTION,
                        Mode.AUTO,
                        List.of())),
                List.of(),
                new PluginsConfig(Duration.ofMinutes(15), List.of()),
                null));
  }

  @Test
  void everyKeyIsTakenFromTheFile() {
    GatewayConfig model =
        load("""
        listeners:
          rpc:
            address: "[::]:8888"
            limits: {maxFrame: 8MiB, maxHeader: 8KiB, maxKeys: 7, firstBytesTimeout: 1s,
              frameTimeout: 2s, idleTimeout: 3s, writeTimeout: 4s, windowTimeout: 5s, maxBuffered: 16MiB,
              connectionRate: 10, resetRate: 11, controlRate: 12, maxStreams: 8, maxConnections: 9, stallTimeout: 13s}
          admin: {address: 10.0.0.1:9901, serves: admin, exposed: true}
        clusters:
          echo:
            endpoints: [a:1, {address: "[::1]:2", weight: 3}]
            balance: least-calls
            transport: {unary: ttheader-framed, streaming: none, multiplex: true, maxInFlight: 3}
            service: Echo
            package: echo.v1
            connectTimeout: 250ms
            firstByteTimeout: 2s
            idleTimeout: 5m
            maxCalls: 7
            checksum: crc32c
            maxConnections: 3
            maxPending: 0
          streams: {endpoints: [a:1], transport: {streaming: ttstream}}
          dynamic:
            endpoints: ["{name}.svc.local:8888"]
            transport: framed
            template: {names: {Orders: orders.v2}, allow: ["*.svc.local"], keepFor: 5s, maxInstances: 9}
        routes:
          - {name: one, match: {service: a.B}, cluster: echo, timeout: 1h}
          - {match: {prefix: a.}, cluster: echo}
        """)
            .model();
    ListenerConfig rpc = model.listeners().get("rpc");
    assertThat(rpc.address()).isEqualTo(new Address("::", 8888));
    assertThat(rpc.limits())
        .isEqualTo(
            new LimitsConfig(
                new ByteSize(8 << 20),
                new ByteSize(8 << 10),
                7,
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(3),
                Duration.ofSeconds(4),
                Duration.ofSeconds(5),
                new ByteSize(16 << 20),
                8,
                11,
                12,
                Duration.ofSeconds(13),
                9,
                10));
    assertThat(model.listeners().get("admin").serves()).isEqualTo(Serves.ADMIN);
    ClusterConfig echo = model.clusters().get("echo");
    assertThat(echo.endpoints())
        .containsExactly(
            new EndpointConfig(AddressTemplate.parse("a:1"), 1),
            new EndpointConfig(AddressTemplate.parse("[::1]:2"), 3));
    assertThat(echo.balance()).isEqualTo(ClusterConfig.Balance.LEAST_CALLS);
    assertThat(echo.transport().unary().protocol()).isEqualTo(Protocol.TTHEADER_FRAMED);
    assertThat(echo.service()).isEqualTo("Echo");
    assertThat(echo.connectTimeout()).isEqualTo(Duration.ofMillis(250));
    assertThat(echo.firstByteTimeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(echo.transport())
        .isEqualTo(new TransportConfig(Unary.TTHEADER_FRAMED, Streaming.NONE, true, 3));
    assertThat(echo.packageName()).isEqualTo("echo.v1");
    assertThat(model.clusters().get("streams").transport())
        .isEqualTo(new TransportConfig(null, Streaming.TTSTREAM, false, 1024));
    assertThat(echo.maxPending()).isZero();
    assertThat(echo.maxCalls()).isEqualTo(7);
    assertThat(echo.checksum()).isEqualTo(ClusterConfig.Checksum.CRC32C);
    ClusterConfig dynamic = model.clusters().get("dynamic");
    assertThat(dynamic.isTemplate()).isTrue();
    assertThat(dynamic.template())
        .isEqualTo(
            new TemplateConfig(
                Map.of("Orders", "orders.v2"),
                List.of(Glob.parse("*.svc.local")),
                Duration.ofSeconds(5),
                9));
    assertThat(model.routes()).extracting(RouteConfig::name).containsExactly("one", "a.*");
    assertThat(model.routes().get(0).timeout()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void listenersAndClustersKeepTheOrderOfTheFile() {
    GatewayConfig model =
        load("""
        listeners: {z: {address: "a:1"}, a: {address: "a:2"}, m: {address: "a:3"}}
        """)
            .model();
    assertThat(model.listeners().keySet()).containsExactly("z", "a", "m");
  }

  @Test
  void anAliasStandsForWhatItsAnchorHas() {
    GatewayConfig model =
        load("""
        listeners:
          a: {address: "a:1", limits: &small {maxFrame: 1MiB}}
          b: {address: "a:2", limits: *small}
        """)
            .model();
    assertThat(model.listeners().get("b").limits().maxFrame()).isEqualTo(new ByteSize(1 << 20));
  }

  @Test
  void keysWithoutValueAreAsGoodAsAbsent() {
    GatewayConfig model = load(MINIMAL + "clusters:\nroutes: ~\nfilters: null\n").model();
    assertThat(model.clusters()).isEmpty();
    assertThat(model.routes()).isEmpty();
    assertThat(model.filters()).isEmpty();
  }

  @Test
  void allFaultsOfAFileAreToldAtOnceInItsOrder() {
    assertFaults(
        """
        clutsers: {}
        listeners:
          rpc: {address: "0.0.0.0:8888", limit: {}}
          admin: {address: "0.0.0.0:9901", serves: admn}
        routes:
          - cluster: ecoh
            timeout: 2h
            filters:
              - use: nobody
          - timeout: 0s
          - cluster: echo
          - {}
        clusters:
          echo: {endpoints: ["127.0.0.1:0", "a:1", "A:1"], transport: ttheadr}
        """,
        "1:1: unknown key 'clutsers': did you mean 'clusters'?",
        "3:34: unknown key 'limit': did you mean 'limits'?",
        "4:44: 'admn' is not known here: did you mean 'admin'? allowed are rpc, admin",
        "6:14: cluster 'ecoh' is not defined: did you mean 'echo'?",
        "7:14: '2h' is too long: at most 1h",
        "9:14: unknown filter 'nobody': there is none",
        "10:14: '0s' is too short: at least 1ms",
        "11:5: a second route without 'match': the first is in line 6",
        "12:5: a route has either 'cluster' or 'clusters'",
        "14:22: nobody can be reached at port 0: at least 1",
        "14:44: duplicate endpoint a:1: write it once",
        "14:63: 'ttheadr' is not known here: did you mean 'ttheader'? allowed are buffered, framed,"
            + " ttheader, ttheader-framed, grpc");
  }

  @Test
  void aMissingKeyIsToldAtItsMapping() {
    assertFaults("clusters: {}\n", "1:1: missing key 'listeners': it is required");
    assertFaults(
        "listeners:\n  rpc:\n    serves: rpc\n", "3:5: missing key 'address': it is required");
    assertFaults(
        "listeners:\n  rpc:\n    address:\n", "3:5: key 'address' has no value: it is required");
    assertFaults(
        MINIMAL + "clusters:\n  - c\n",
        "3:3: a list where a mapping belongs: write 'name: value' in lines of their own");
    assertFaults(
        MINIMAL + "clusters: {c: {}}\n",
        "2:15: missing key 'endpoints': it is required",
        "2:15: missing key 'transport': it is required");
  }

  @Test
  void anUnknownKeyWithoutANearOneGetsTheListOfAll() {
    assertFaults(
        MINIMAL + "upstream: {}\n",
        "2:1: unknown key 'upstream': keys here are listeners, clusters, routes, filters, plugins, redis");
  }

  @Test
  void aDuplicateKeyPointsAtTheFirst() {
    assertFaults(
        """
        listeners:
          rpc: {address: "a:1"}
          rpc: {address: "a:2"}
        routes: []
        routes: []
        """,
        "3:3: duplicate key 'rpc': it is already in line 2",
        "5:1: duplicate key 'routes': it is already in line 4");
  }

  @Test
  void wrongKindsOfValuesAreToldWithWhatBelongsThere() {
    assertFaults(
        """
        listeners: hello
        clusters: [x]
        routes: {a: b}
        filters: no
        """,
        "1:12: a single value where a mapping belongs: write 'name: value' in lines of their own",
        "2:11: a list where a mapping belongs: write 'name: value' in lines of their own",
        "3:9: a mapping where a list belongs: put '- ' before each item, or write [a, b]",
        "4:10: a single value where a list belongs: put '- ' before each item, or write [a, b]");
    assertFaults(
        MINIMAL + "clusters: {c: {endpoints: [[a]], transport: [b], service: {}}}\n",
        "2:28: a list where a mapping belongs: its keys are address, weight",
        "2:45: a list where a mapping belongs: its keys are unary, streaming, multiplex, maxInFlight",
        "2:59: a mapping where a text belongs");
    assertFaults(
        MINIMAL + "filters: [a]\n",
        "2:11: a single value where a mapping belongs: its keys are use, with, when,"
            + " onError, shadow, answerWithin");
    assertFaults(
        "- listeners\n",
        "1:1: a list where a mapping belongs: its keys are listeners, clusters, routes, filters, plugins, redis");
  }

  @Test
  void wrongLimitsAreToldWithTheRightOnes() {
    assertFaults(
        """
        listeners:
          rpc:
            address: 127.0.0.1:1
            exposed: yes
            limits:
              maxFrame: 2GiB
              maxHeader: 10
              maxKeys: 0
              maxStreams: many
              maxConnections: 99999999999
              firstBytesTimeout: 5 parsecs
              frameTimeout: 2h
              idleTimeout: [1]
        """,
        "4:14: 'yes' is neither true nor false: write one of these",
        "6:17: '2GiB' is too large: at most 1GiB",
        "7:18: '10' is too small: at least 1KiB",
        "8:16: '0' is too small: at least 1",
        "9:19: 'many' is not a whole number: write digits only, such as 1000",
        "10:23: '99999999999' is too large: at most 1000000",
        "11:26: '5 parsecs' is not a duration: write 250ms, 10s, 5m or 1h",
        "12:21: '2h' is too long: at most 1h",
        "13:20: a list where a duration such as 10s belongs");
    assertFaults(
        "listeners: {a: {address: 'a:1', limits: {maxFrame: big}}}",
        "1:52: 'big' is not a size: write 512, 64KiB, 8MiB or 1GiB");
  }

  @Test
  void wrongAddressesAreToldWithTheirForm() {
    String form = "write host:port, such as 127.0.0.1:8888 or [::1]:8888";
    String host =
        "before the port goes a host name, an IPv4 address or an IPv6 address in brackets";
    assertFaults(
        MINIMAL
            + """
            clusters:
              c:
                transport: framed
                endpoints:
                  - localhost
                  - :5
                  - 1.2.3.256:1
                  - ::1:5
                  - a:70000
                  - "[a]:1"
                  - a b:1
            """,
        "6:9: 'localhost' is not an address: " + form,
        "7:9: ':5' is not an address: " + form,
        "8:9: '1.2.3.256:1' is not an address: " + host,
        "9:9: '::1:5' is not an address: " + form,
        "10:9: 'a:70000' is not an address: a port is at most 65535",
        "11:9: '[a]:1' is not an address: " + host,
        "12:9: 'a b:1' is not an address: " + host);
  }

  @Test
  void aClusterNeedsAnEndpoint() {
    assertFaults(
        MINIMAL + "clusters: {c: {endpoints: [], transport: framed}}\n",
        "2:27: the list is empty: at least one item is required");
    assertFaults(
        MINIMAL + "clusters:\n  c:\n    transport: framed\n    endpoints:\n    -\n    - a:1\n",
        "6:6: an item of the list is empty");
  }

  @Test
  void placeholdersOfAddresses() {
    assertThat(AddressTemplate.parse("{service}.A.{metadata:x-y}.{name}:80"))
        .hasToString("{service}.a.{metadata:x-y}.{name}:80");
    assertThat(AddressTemplate.parse("127.0.{package}.1:80").isFixed()).isFalse();
    assertThat(AddressTemplate.parse("{destination}:80").isFixed()).isFalse();
    assertThat(AddressTemplate.parse("[::1]:80").address()).isEqualTo(new Address("::1", 80));
    String places = "there are {service}, {package}, {destination}, {name} and {metadata:KEY}";
    assertFaults(
        MINIMAL
            + """
            clusters:
              a:
                transport: framed
                endpoints:
                  - "{servce}.a:1"
                  - "{metadata:}.a:1"
                  - "{service}"
                  - "a:{service}"
                  - "{service:1"
                  - "{service} a:1"
              b: {endpoints: ["a:1"], transport: framed, template: {maxInstances: 5}}
              c: {endpoints: ["{servce}:1"], transport: framed, template: {maxInstances: 5}}
            """,
        "6:9: '{servce}.a:1' is not an address: '{servce}' is no placeholder, " + places,
        "7:9: '{metadata:}.a:1' is not an address: '{metadata:}' is no placeholder, " + places,
        "8:9: '{service}' is not an address: write host:port, such as 127.0.0.1:8888 or"
            + " [::1]:8888",
        "9:9: 'a:{service}' is not an address: a port has no placeholder",
        "10:9: '{service:1' is not an address: before the port goes a host name, an IPv4 address or"
            + " an IPv6 address in brackets",
        "11:9: '{service} a:1' is not an address: before the port goes a host name, an IPv4 address"
            + " or an IPv6 address in brackets",
        "12:56: no endpoint has a placeholder: write one such as \"{service}.svc.local:8888\", or"
            + " leave out 'template'",
        "13:19: '{servce}:1' is not an address: '{servce}' is no placeholder, " + places);
  }

  @Test
  void whatNeedsATTHeader() {
    assertFaults(
        MINIMAL
            + """
            clusters:
              a: {endpoints: ['a:1'], transport: {unary: framed, multiplex: true}}
              b:
                endpoints: ['a:1']
                transport: {unary: ttheader, multiplex: true}
                connections: short
              c: {endpoints: ['a:1'], transport: framed, checksum: crc32c}
            """,
        "3:65: calls without a TTHeader cannot share a connection: write 'unary: ttheader-framed';"
            + " the services have to answer such calls side by side, which an ordinary Kitex server"
            + " does not",
        "7:18: a shared connection cannot be short: leave out 'connections' or 'multiplex'",
        "8:56: there is no place for a checksum without a TTHeader: write 'unary: ttheader-framed',"
            + " or leave out 'checksum'");
  }

  @Test
  void aServiceNameHasNoSpaces() {
    assertFaults(
        MINIMAL + "clusters: {c: {endpoints: ['a:1'], transport: framed, service: 'a b'}}\n",
        "2:64: 'a b' does not fit: it must match \\S{1,255}");
  }

  @Test
  void namesAreMadeOfFewCharacters() {
    assertFaults(
        "listeners: {'a b': {address: 'a:1'}}\nclusters:\n  '': {endpoints: ['a:1'],"
            + " transport: framed}\n",
        "1:13: 'a b' cannot be a name: write 1 to 64 letters, digits, '.', '_' and '-', the first a"
            + " letter or digit",
        "3:3: '' cannot be a name: write 1 to 64 letters, digits, '.', '_' and '-', the first a"
            + " letter or digit");
  }

  @Test
  void someListenerServesCalls() {
    assertFaults("listeners: {}\n", "1:12: the mapping is empty: at least one entry is required");
    assertFaults(
        "listeners: {a: {address: 'localhost:1', serves: admin}}\n",
        "1:12: no listener serves calls: at least one has 'serves: rpc'");
  }

  @Test
  void aFaultyListenerIsNotAlsoMissed() {
    assertFaults(
        "listeners: {a: {address: 'localhost:1', serves: admin}, b: [], c: }\n",
        "1:60: a list where a mapping belongs: its keys are address, serves, exposed, checksum, grpcStatus,"
            + " cancelName, limits, filters",
        "1:66: missing key 'address': it is required");
  }

  @Test
  void anAdminListenerIsForThisMachineUnlessExposed() {
    String admin = MINIMAL.replace("}}", "}, admin: {serves: admin, address: '%s'%s}}");
    for (String address : List.of("127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1")) {
      load(admin.formatted(address, ""));
    }
    load(admin.formatted("0.0.0.0:1", ", exposed: true"));
    for (String address : List.of("0.0.0.0:1", "[::]:1", "10.0.0.1:1", "admin.local:1")) {
      assertFaults(
          admin.formatted(address, ""),
          "1:76: other machines can reach the admin listener at "
              + address
              + ": listen on 127.0.0.1, or set 'exposed: true'");
    }
  }

  @Test
  void listenersDoNotShareAnAddress() {
    load("listeners: {a: {address: 'x:0'}, b: {address: 'x:0'}}");
    assertFaults(
        "listeners: {a: {address: 'x:1'}, b: {address: 'X:1'}}",
        "1:47: address taken: listener 'a' has the same address");
  }

  @Test
  void aRouteToAFaultyClusterIsNotToldToHaveNone() {
    assertFaults(
        MINIMAL + "clusters: {c: 5}\nroutes: [{cluster: c}]\n",
        "2:15: a single value where a mapping belongs: its keys are "
            + String.join(", ", RecordShape.of(ClusterConfig.class).keys()));
  }

  @Test
  void theModelCannotBeChanged() {
    GatewayConfig model = load(MINIMAL).model();
    assertThatThrownBy(() -> model.listeners().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> model.routes().add(null))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void aLongWordIsCutAndAControlCharacterHidden() {
    assertFaults(
        MINIMAL + "\"" + "k".repeat(99) + "\": 1\n\"a\\nb\": 2\n",
        "2:1: unknown key '"
            + "k".repeat(60)
            + "…': keys here are listeners, clusters, routes, filters, plugins, redis",
        "3:1: unknown key 'a�b': keys here are listeners, clusters, routes, filters, plugins, redis");
  }

  @Test
  void absentSettingsOfAFilterAreEmpty() {
    LoadedConfig loaded = load(MINIMAL + "filters: [{use: header-rewrite}]", Configs.REWRITE);
    assertThat(loaded.model().filters().get(0).with()).isInstanceOf(Empty.class);
    assertThat(loaded.filters()).hasSize(1);
  }

  @Test
  void aRedisIsOneServerOrACluster() {
    assertThat(load(MINIMAL + "redis: {endpoints: ['a:1']}").model().redis())
        .isEqualTo(
            new RedisConfig(
                List.of(new Address("a", 1)),
                false,
                null,
                null,
                0,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                8,
                1024));
    assertFaults(
        MINIMAL + "redis: {endpoints: ['a:1', 'b:0'], user: u}",
        "2:20: nobody can be reached at port 0: at least 1",
        "2:20: more than one endpoint of a single Redis: write one, or 'cluster: true'",
        "2:42: a user without a password: add 'password'");
    assertFaults(
        MINIMAL + "redis: {endpoints: ['a:1', 'b:1'], cluster: true, database: 1}",
        "2:61: a cluster has no database but 0: leave out 'database'");
  }

  record None() {}

  /** Comes back when it is interrupted only. */
  private static Filter never() {
    while (!Thread.interrupted()) {
      LockSupport.park();
    }
    return new Filter() {};
  }

  @Test
  void aFactoryThatDoesNotComeBackIsNotWaitedForForEver() {
    var endless = Configs.factory("endless", None.class, settings -> never());
    String text = MINIMAL + "filters: [{use: endless}]\n";

    assertThatThrownBy(
            () ->
                ConfigLoader.load("g.yaml", "g.yaml", text, List.of(endless), new MadeFilters(), 1))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "g.yaml: making what it uses of plugins has not come back in 1 s, it is in "
                + ConfigLoaderTest.class.getName()
                + ".never: settings and create() must not wait, start() may");
  }
}
