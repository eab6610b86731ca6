package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExplainCommandTest {
  private static final String CONFIG =
      """
      listeners:
        rpc: {address: 'localhost:0'}
        edge: {address: 'localhost:0'}
      clusters:
        cart: {endpoints: ['a:1', 'b:2'], transport: framed, connectTimeout: 250ms}
        canary: {endpoints: ['c:3'], transport: ttheader, firstByteTimeout: 700ms}
      routes:
        - {match: {service: shop.Cart}, clusters: {cart: 9, canary: 1}, timeout: 2s}
        - {match: {service: Cart, method: get, metadata: {env: canary}}, cluster: canary}
        - {match: {prefix: shop.}, cluster: cart}
        - {match: {glob: sh?p*, caller: web}, cluster: cart}
        - {match: {listener: edge}, cluster: cart}
      """;

  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(folder.resolve("gateway.yaml"), CONFIG);
  }

  private Ran explain(String... more) {
    List<String> args = new ArrayList<>(List.of("--config", file.toString()));
    args.addAll(List.of(more));
    Ran ran = Ran.of(new ExplainCommand(), args.toArray(String[]::new));
    return new Ran(ran.code(), ran.out().replace(file + ":", "line "), ran.err());
  }

  @Test
  void tellsTheWayOfACallAndWhyNoOther() {
    Ran ran =
        explain("--service", "Cart", "--method", "put", "--package", "shop", "--protocol=grpc");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out())
        .isEqualTo(
            """
            call     shop.Cart/put by grpc, protobuf, at listener rpc
            route    shop.Cart (line 8)
            filters  none
            mode     auto: unary or a stream, whichever the cluster takes
            cluster  cart, 9 of 10 calls: by grpc to a:1, b:2
                     canary, 1 of 10 calls: by grpc to c:3
            timeout  2s, the route's; an earlier one of the caller stands
                     250ms to connect, of cluster cart
                     1s to connect, of cluster canary
            others   shop.* (line 10): it fits, but 'shop.Cart' goes before it: a service goes before a prefix
                     sh?p*[caller=web] (line 11): there is no caller, it has to be 'web'
                     [listener=edge] (line 12): listener is 'rpc', not 'edge'
                     Cart/get[env=canary] (line 9): method is 'put', not 'get'; there is no metadata env, it has to be 'canary'
            """);
    assertThat(ran.code()).isZero();
  }

  @Test
  void tellsInWhichProtocolTheCallGoes() throws IOException {
    Files.writeString(
        file,
        """
        listeners: {rpc: {address: 'localhost:0'}}
        clusters:
          c: {endpoints: ['a:1'], transport: {unary: ttheader, streaming: ttstream}}
          d: {endpoints: ['a:1'], transport: {unary: grpc, streaming: none}}
        routes:
          - {match: {service: S}, clusters: {c: 1, d: 1}, mode: unary}
          - {cluster: c}
        """);
    assertThat(explain("--service=S", "--method=m", "--protocol=grpc").out())
        .contains("mode     unary, as the route says")
        .contains("c, 1 of 2 calls: by ttheader, translated as a unary call, to a:1")
        .contains("d, 1 of 2 calls: by grpc to a:1")
        .contains("without one 10s, the gateway's own");
    assertThat(explain("--service=S", "--method=m", "--protocol=ttstream").out())
        .contains("c, 1 of 2 calls: by ttstream to a:1")
        .contains("d, 1 of 2 calls: refused, the cluster takes no streams");
    assertThat(explain("--service=T", "--method=m", "--protocol=grpc", "--codec=thrift").out())
        .contains("c: refused, gRPC does not say whether this call is unary");
    assertThat(explain("--service=T", "--method=m", "--protocol=framed").out())
        .contains("c: by ttheader to a:1")
        .doesNotContain("mode ");
    assertThat(explain("--service=S", "--method=m", "--protocol=ttheader").out())
        .contains("d, 1 of 2 calls: by grpc, translated as a unary call, to a:1");
  }

  @Test
  void tellsOfTheTimeoutsOfTheClustersThatCallsGoTo() throws IOException {
    String text =
        """
        listeners: {rpc: {address: 'localhost:0'}}
        clusters:
          calls: {endpoints: ['a:1'], transport: {unary: ttheader, streaming: none}}
          grpc: {endpoints: ['b:1'], transport: {streaming: grpc}}
        routes:
          - {match: {service: S}, clusters: {calls: %d, grpc: %d}}
        """;
    String[] call = {"--service=S", "--method=m", "--protocol=grpc", "--codec=thrift"};
    Files.writeString(file, text.formatted(1, 1));
    assertThat(explain(call).out())
        .contains(
            """
            timeout  the caller's; without one 10s, the gateway's own, if it goes to cluster calls, else there is none
                     1s to connect, of cluster calls
                     1s to connect, of cluster grpc
            """);
    Files.writeString(file, text.formatted(1, 0));
    assertThat(explain(call).out())
        .contains(
            """
            timeout  the caller's; without one 10s, the gateway's own
                     1s to connect, of cluster calls
            """)
        .doesNotContain("connect, of cluster grpc");
    Files.writeString(file, text.formatted(0, 1));
    assertThat(explain(call).out())
        .contains(
            """
            timeout  the caller's; without one there is none
                     1s to connect, of cluster grpc
            """)
        .doesNotContain("connect, of cluster calls");
  }

  @Test
  void tellsWhatHoldsOfStreams() throws IOException {
    Files.writeString(
        file,
        """
        listeners: {rpc: {address: 'localhost:0'}}
        clusters:
          c: {endpoints: ['a:1'], transport: {unary: ttheader, streaming: ttstream}}
        routes:
          - match: {service: S}
            cluster: c
            mode: stream
            stream: {firstResponse: 20s, idle: 1h, maxMessage: 4MiB}
        """);
    assertThat(explain("--service=S", "--method=m", "--protocol=grpc", "--codec=thrift").out())
        .isEqualTo(
            """
            call     S/m by grpc, thrift, at listener rpc
            route    S (line 5)
            filters  none
            mode     stream, as the route says
            cluster  c: by ttstream, translated as a stream, to a:1
            timeout  the caller's; without one there is none
                     20s firstResponse of the route's streams
                     1h idle of the route's streams
                     4MiB maxMessage of the route's streams
                     1s to connect, of cluster c
            """);
    assertThat(explain("--service=S", "--method=m").out()).doesNotContain("streams");
  }

  @Test
  void metadataAndCallerAndListenerCount() {
    Ran ran =
        explain(
            "--service=Cart",
            "--method=get",
            "--meta=RPC_PERSIST_env=canary",
            "--caller=web",
            "--listener=edge",
            "--others=1");
    assertThat(ran.out())
        .isEqualTo(
            """
            call     Cart/get by ttheader-framed, thrift, at listener edge, from web
            route    Cart/get[env=canary] (line 9)
            filters  none
            cluster  canary: by ttheader to c:3
            timeout  the caller's; without one 10s, the gateway's own
                     1s to connect, of cluster canary
                     700ms to the reply's first byte, of cluster canary
            others   [listener=edge] (line 12): it fits, but 'Cart/get[env=canary]' goes before it: a service goes before a route for any service
                     and 3 more
            """);
  }

  @Test
  void whatNoRouteTakesEndsWithOne() {
    Ran ran = explain("--service=Shop", "--method=get", "--others=2");
    assertThat(ran.out())
        .contains(
            "route    none: the caller is told 'unknown service Shop, method get'\n",
            "others   shop.Cart (line 8): service is 'Shop', not 'shop.Cart'\n",
            "shop.* (line 10): service is 'Shop', which does not begin with 'shop.'\n");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void tellsOfTheRatesOfStreams() throws IOException {
    Files.writeString(
        file,
        """
          - match: {service: Chat}
            cluster: canary
            stream: {requestRate: {messages: 100, bytes: 64KiB}, responseRate: {bytes: 1MiB}}
        """,
        StandardOpenOption.APPEND);
    assertThat(explain("--service=Chat", "--method=talk", "--protocol=grpc").out())
        .contains(
            "         100 messages, 64KiB a second, requestRate of the route's streams\n"
                + "         1MiB a second, responseRate of the route's streams\n");
  }

  @Test
  void tellsOfTheDestination() throws IOException {
    Files.writeString(
        file,
        """
          - {match: {method: get, destination: 'shop:80'}, cluster: canary}
        """,
        StandardOpenOption.APPEND);
    assertThat(explain("--method=get", "--destination=shop:80").out())
        .startsWith(
            "call     (no service)/get by ttheader-framed, thrift, at listener rpc, to shop:80\n"
                + "route    */get[destination=shop:80]");
    assertThat(explain("--method=get", "--destination=other").out())
        .contains("destination is 'other', not 'shop:80'");
  }

  @Test
  void theGatewaysOwnServicesNeedNoRouteButAnAdminListener() throws IOException {
    List<String> call =
        List.of(
            "--service=Health",
            "--package=grpc.health.v1",
            "--method=Check",
            "--others=0",
            "--protocol");
    Ran none = explain(with(call, "grpc"));
    assertThat(none.out()).contains("route    none: the caller is told 'unknown service grpc.");
    assertThat(none.code()).isEqualTo(1);
    Files.writeString(
        file,
        CONFIG.replace("listeners:", "listeners:\n  ops: {address: 'localhost:0', serves: admin}"));
    Ran own = explain(with(call, "grpc"));
    assertThat(own.out())
        .isEqualTo(
            """
            call     grpc.health.v1.Health/Check by grpc, protobuf, at listener rpc
            route    none: the gateway answers it itself, at its admin listener
            filters  none
            others   and 5 more
            """);
    assertThat(own.code()).isZero();
    assertThat(explain(with(call, "ttstream")).code()).isEqualTo(1);
    List<String> list = call.stream().map(arg -> arg.replace("Check", "List")).toList();
    assertThat(explain(with(list, "grpc")).code()).isEqualTo(1);
    List<String> watch = call.stream().map(arg -> arg.replace("Check", "Watch")).toList();
    assertThat(explain(with(watch, "grpc")).code()).isZero();
  }

  private static String[] with(List<String> args, String last) {
    List<String> all = new ArrayList<>(args);
    all.add(last);
    return all.toArray(String[]::new);
  }

  @Test
  void aBareProtocolCarriesNoName() {
    Ran ran = explain("--service=shop.Cart", "--method=get", "--protocol=framed");
    assertThat(ran.out())
        .startsWith(
            "framed carries neither service nor caller nor destination nor metadata: left out of the call\n"
                + "call     (no service)/get by framed, thrift, at listener rpc\n"
                + "route    none");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void onlyGrpcCarriesAPackage() {
    Ran ran = explain("--service=Cart", "--package=shop", "--method=get");
    assertThat(ran.out())
        .startsWith(
            "ttheader-framed carries no package: left out of the call\n"
                + "call     Cart/get by ttheader-framed");
  }

  @Test
  void wrongOptionsAreToldWithTheRightOnes() {
    assertThat(explain("--service=S").err())
        .contains(
            "Missing required options: '--config=FILE' and '--method=NAME', or '--hex=BYTES'");
    assertThat(explain("--method=m", "--listener=rcp").err())
        .contains("no listener 'rcp' serves calls in");
    Ran ran = explain("--method=m", "--protocol=http");
    assertThat(ran.err())
        .contains(
            "'http' is not one of buffered, framed, ttheader, ttheader-framed, grpc, ttstream");
    assertThat(ran.code()).isEqualTo(2);
  }

  @Test
  void faultsOfTheFileAreTold() throws IOException {
    Files.writeString(file, "listeners: {}\n");
    assertThat(explain("--method=m").err()).contains("the mapping is empty");
  }
}
