package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static io.sluice.gateway.config.Configs.assertFaults;
import static io.sluice.gateway.config.Configs.load;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.ByteSize;
import io.sluice.api.Codec;
import io.sluice.api.Glob;
import io.sluice.api.Protocol;
import io.sluice.gateway.config.RateConfig.Beyond;
import io.sluice.gateway.config.RouteConfig.BusinessStatus;
import io.sluice.gateway.config.RouteConfig.Transients;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may be said of routes. */
class RouteChecksTest {
  /** Two lines, so that the routes begin in line 4. */
  private static final String BEFORE =
      MINIMAL + "clusters: {c: {endpoints: ['a:1'], transport: framed}}\nroutes:\n";

  private static void assertRefused(String routes, String... faults) {
    assertFaults(BEFORE + routes, faults);
  }

  @Test
  void everyConditionIsTakenFromTheFile() {
    List<RouteConfig> routes =
        load(BEFORE
                + """
                  - match: {service: shop.Cart, method: get*, package: shop, codec: protobuf,
                      protocol: ttheader-framed, listener: rpc, caller: web, destination: "shop:80",
                      metadata: {X-Env: a b}}
                    clusters: {c: 90}
                    transients: hop
                    businessStatus: empty
                  - {match: {service: ""}, cluster: c}
                  - {match: {glob: "*.v?"}, cluster: c}
                  - {match: {method: get}, cluster: c}
                  - {match: {prefix: a, caller: x}, cluster: c}
                  - cluster: c
                """)
            .model()
            .routes();
    assertThat(routes.get(0).match())
        .isEqualTo(
            new MatchConfig(
                "shop.Cart",
                null,
                null,
                Glob.parse("get*"),
                "shop",
                Codec.PROTOBUF,
                Protocol.TTHEADER_FRAMED,
                "rpc",
                "web",
                "shop:80",
                Map.of("x-env", "a b")));
    assertThat(routes.get(0).weights()).isEqualTo(Map.of("c", 90));
    assertThat(routes.get(0).transients()).isEqualTo(Transients.HOP);
    assertThat(routes.get(0).businessStatus()).isEqualTo(BusinessStatus.EMPTY);
    assertThat(routes)
        .extracting(RouteConfig::name)
        .containsExactly(
            "shop.Cart/get*[package=shop][codec=protobuf][protocol=ttheader-framed][listener=rpc]"
                + "[caller=web][destination=shop:80][x-env=a_b]",
            "unnamed",
            "*.v?",
            "*/get",
            "a*[caller=x]",
            "default");
  }

  @Test
  void ratesOfStreamsAreTakenFromTheFile() {
    StreamConfig stream =
        load(
            BEFORE
                + """
                  - cluster: c
                    stream:
                      requestRate: {messages: 10, bytes: 1KiB}
                      responseRate: {bytes: 2MiB, beyond: end}
                """)
            .model()
            .routes()
            .get(0)
            .stream();
    assertThat(stream.requestRate()).isEqualTo(new RateConfig(10, new ByteSize(1024), Beyond.WAIT));
    assertThat(stream.responseRate())
        .isEqualTo(new RateConfig(0, new ByteSize(2 << 20), Beyond.END));
    assertRefused(
        """
          - {cluster: c, stream: {requestRate: {beyond: end}}}
          - {cluster: c, match: {service: s}, stream: {requestRate: {messages: -1}}}
          - {cluster: c, match: {service: t}, stream: {responseRate: {bytes: 0, messages: 1}}}
          - {cluster: c, match: {service: u}, stream: {responseRate: {bytes: 1, beyond: drop}}}
        """,
        "4:40: a rate has 'messages' or 'bytes'",
        "5:72: '-1' is too small: at least 0",
        "6:70: '0' is too small: at least 1",
        "7:81: 'drop' is not known here: allowed are wait, end");
  }

  @Test
  void aClusterTakesSomeOfTheCallsOfItsRoutes() {
    assertFaults(
        MINIMAL
            + """
            clusters:
              both: {endpoints: ['a:1'], transport: {unary: ttheader, streaming: ttstream}}
              calls: {endpoints: ['a:1'], transport: {unary: buffered, streaming: none}}
              streams: {endpoints: ['a:1'], transport: {streaming: ttstream}}
              grpc: {endpoints: ['a:1'], transport: grpc}
              named: {endpoints: ['a:1'], transport: grpc, service: shop.Cart}
            routes:
              - {cluster: both}
              - {cluster: both, match: {service: a, protocol: grpc}}
              - {cluster: both, match: {service: b, protocol: grpc, codec: thrift}}
              - {cluster: both, match: {service: c, protocol: grpc, codec: thrift}, mode: stream}
              - {cluster: both, match: {service: d, protocol: grpc, codec: protobuf}, mode: stream}
              - {cluster: calls, match: {service: e, protocol: ttstream}}
              - {clusters: {both: 1, streams: 1}, match: {service: f, protocol: framed}}
              - {cluster: streams, match: {service: g, codec: protobuf}}
              - {cluster: calls, match: {service: h, codec: protobuf}}
              - {cluster: grpc, match: {service: "", protocol: framed}}
              - {cluster: named, match: {service: "", protocol: buffered}}
            """,
        "11:15: no call of this route can go to cluster 'both': gRPC does not say whether this call"
            + " is unary, and the cluster takes either by another protocol: its route has to say"
            + " 'mode: unary' or 'mode: stream'",
        "13:15: no call of this route can go to cluster 'both': the cluster takes streams by"
            + " ttstream, which has no Protobuf",
        "14:15: no call of this route can go to cluster 'calls': the cluster takes no streams: its"
            + " transport has 'streaming: none'",
        "15:26: no call of this route can go to cluster 'streams': the cluster takes streams only:"
            + " its transport has no 'unary'",
        "16:15: no call of this route can go to cluster 'streams': the cluster takes streams only:"
            + " its transport has no 'unary'",
        "17:15: no call of this route can go to cluster 'calls': Kitex Protobuf has no Buffered"
            + " form: it needs a frame length",
        "18:15: no call of this route can go to cluster 'grpc': gRPC needs the name of a service,"
            + " and neither this protocol carries one nor has the cluster a 'service'");
  }

  @Test
  void routesDoNotOverlap() {
    assertRefused(
        """
          - cluster: c
          - cluster: c
          - {cluster: c, match: {service: s}}
          - {cluster: c, match: {service: s}}
          - {cluster: c, match: {prefix: s}}
          - {cluster: c, match: {prefix: s}}
          - {cluster: c, match: {prefix: t}, name: default}
          - {cluster: c, match: {service: t*}}
          - {cluster: c, match: {prefix: t}, name: other}
          - {cluster: c, match: {service: u}, name: s*}
        """,
        "5:5: a second route without 'match': the first is in line 4",
        "7:25: a second route for 's': the first is in line 6",
        "9:25: a second route for 's*': the first is in line 8",
        "10:44: duplicate route name 'default': the route in line 4 has it",
        "12:25: a second route for 't*': the first is in line 10",
        "13:45: duplicate route name 's*': the route in line 8 has it");
  }

  /** In each line two matches that are equally specific. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "listener: rpc               | caller: a",
        "method: m, caller: a        | method: m, codec: thrift",
        "service: s, caller: a       | service: s, protocol: framed",
        "service: s, metadata: {a: b}| service: s, metadata: {c: d}",
        "service: s, caller: a, codec: thrift | service: s, caller: a, protocol: grpc",
        "glob: 'a*'                  | glob: '*a'",
        "glob: 'a?c*', method: m     | glob: 'a*bc', caller: x, method: m",
        "glob: '*a*b*'               | glob: '*b*a*'",
        "service: s, method: 'g*'    | service: s, method: '*t'",
        "prefix: p, method: 'g*'     | prefix: p, method: 'g?'",
      })
  void aTieIsAFault(String first, String second) {
    boolean conditions = !first.contains("a?c*");
    String routes = "  - {cluster: c, match: {%s}}\n  - {cluster: c, match: {%s}}\n";
    if (conditions) {
      assertRefused(
          routes.formatted(first, second),
          "5:25: as specific as the route in line 4, and some calls fit both: add a condition to one"
              + " of them");
    } else {
      load(BEFORE + routes.formatted(first, second));
    }
  }

  /** In each line two matches of which one is more specific, or that no call fits both. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "listener: rpc               | caller: a, codec: thrift",
        "caller: a                   | caller: b",
        "codec: thrift               | codec: protobuf",
        "protocol: ttstream          | codec: protobuf",
        "codec: protobuf             | protocol: buffered",
        "metadata: {a: b}            | metadata: {A: c}",
        "service: s, method: m       | service: s, method: n",
        "service: s, method: m       | service: s, method: 'm*'",
        "service: shop.S             | service: S",
        "prefix: shop                | prefix: cart",
        "prefix: shop.               | glob: 'shop.*'",
        "glob: 'a*'                  | glob: 'b*'",
        "glob: '*a'                  | glob: '*b'",
        "glob: 'a?'                  | glob: 'a???'",
        "glob: 'a*'                  | glob: 'a*b'",
        "glob: 'x*', caller: a       | glob: '*x', caller: b",
        "glob: 'x*', method: a       | glob: '*x', method: b",
      })
  void whatCanBeToldApartIsNoTie(String first, String second) {
    String routes =
        "  - {cluster: c, name: one, match: {%s}}\n  - {cluster: c, name: two, match: {%s}}\n";
    assertThat(load(BEFORE + routes.formatted(first, second)).routes()).hasSize(2);
  }

  @Test
  void aMatchSaysOnceWhatTheServiceIs() {
    String twice = ": a match has at most one of 'service', 'prefix' and 'glob'";
    assertRefused(
        """
          - {cluster: c, match: {service: s, prefix: p}}
          - {cluster: c, match: {glob: s, prefix: p}}
          - {cluster: c, match: {}}
          - {cluster: c, match: {services: s}}
          - {cluster: c, match: {metadata: {a: b, A: c}}}
          - {cluster: c, match: {glob: "a b"}}
          - {cluster: c, match: {protocol: http}}
        """,
        "4:25" + twice,
        "5:25" + twice,
        "6:25: a match without a condition: a route for everything else has no match",
        "7:26: unknown key 'services': did you mean 'service'?",
        "8:25: metadata key 'A' is there twice: keys are found in any case",
        "9:32: 'a b' is not a pattern: write 1 to 255 characters without spaces, such as shop.* or"
            + " get?",
        "10:36: 'http' is not known here: allowed are buffered, framed, ttheader, ttheader-framed,"
            + " grpc, ttstream");
  }

  @Test
  void aRouteHasOneClusterOrSharesItsCallsOut() {
    assertRefused(
        """
          - {cluster: c, clusters: {c: 1}}
          - {clusters: {c: 0}}
          - {clusters: {c: -1}}
          - {clusters: {c: 9, d: 1}}
          - {name: x}
        """,
        "4:5: a route has either 'cluster' or 'clusters'",
        "5:5: all weights of 'clusters' are 0: one is more",
        "6:20: '-1' is too small: at least 0",
        "7:23: cluster 'd' is not defined: there are c",
        "8:5: a route has either 'cluster' or 'clusters'");
  }

  @Test
  void anUnknownClusterIsToldWithThoseThereAre() {
    assertRefused(
        "  - {cluster: elsewhere}\n", "4:15: cluster 'elsewhere' is not defined: there are c");
    assertFaults(
        MINIMAL + "routes: [{cluster: x}]\n", "2:20: cluster 'x' is not defined: there is none");
  }

  @Test
  void aListenerIsThereAndServesCalls() {
    assertFaults(
        BEFORE.replace("}}\nclusters", "}, admin: {serves: admin, address: '[::1]:0'}}\nclusters")
            + """
              - {cluster: c, match: {listener: rcp}}
              - {cluster: c, match: {listener: admin}}
            """,
        "4:36: listener 'rcp' is not defined: did you mean 'rpc'?",
        "5:36: listener 'admin' serves no calls: name one that serves rpc");
  }
}
