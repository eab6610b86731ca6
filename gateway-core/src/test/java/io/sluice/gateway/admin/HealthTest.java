package io.sluice.gateway.admin;

import static io.sluice.gateway.admin.HealthCaller.ports;
import static io.sluice.gateway.admin.HealthCaller.question;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.NOT_SERVING;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVICE_UNKNOWN;
import static io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.InvalidProtocolBufferException;
import io.sluice.gateway.admin.HealthCaller.Watch;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.vertx.core.Future;
import io.vertx.grpc.health.v1.HealthListRequest;
import io.vertx.grpc.health.v1.HealthListResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The gateway's own grpc.health.v1.Health, at the admin listener and by way of one for calls. */
class HealthTest {
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int INVALID_ARGUMENT = 3;
  private static final int UNIMPLEMENTED = 12;
  private static final int UNAVAILABLE = 14;

  private final HealthCaller callers = new HealthCaller();

  @AfterEach
  void stop() {
    callers.close();
  }

  /** Routes for some services only, so that calls for health take none of them. */
  private static TestGateway gateway(int port, int otherPort) {
    return TestGateway.start(
        """
        listeners:
          rpc: {address: '127.0.0.1:0'}
          admin: {address: '127.0.0.1:0', serves: admin}
        clusters:
          one: {endpoints: ['127.0.0.1:%d'], transport: framed}
          other: {endpoints: ['127.0.0.1:%d'], transport: framed}
          template: {endpoints: ['{service}.invalid:1'], transport: framed}
        routes:
          - {match: {method: echo}, cluster: one}
          - {match: {service: shop.Cart}, cluster: one}
          - {match: {prefix: shop.Ca}, clusters: {one: 1, other: 1}}
          - {match: {service: Till}, clusters: {one: 1, other: 0}}
        """
            .formatted(port, otherPort),
        2,
        List.of());
  }

  private static ConditionFactory inTime() {
    return await().atMost(LONG);
  }

  @Test
  void theWholeItsClustersItsRoutesAndTheirServicesServe() {
    try (TestGateway gateway = gateway(1, 2)) {
      for (int port : ports(gateway)) {
        for (String name :
            List.of(
                "",
                "cluster:one",
                "cluster:template",
                "route:shop.Cart",
                "route:*/echo",
                "shop.Cart",
                "shop.Cat",
                "Till",
                "bank.Till")) {
          assertThat(callers.check(port, name)).as(name).isEqualTo(SERVING);
        }
        for (String name :
            List.of("cluster:", "cluster:two", "route:", "route:one", "one", "echo", "shop.Bag")) {
          assertThat(callers.check(port, name)).as(name).isNull();
        }
      }
    }
  }

  @Test
  void listTellsClustersAndRoutesToThoseWhoReachTheAdminListener()
      throws InvalidProtocolBufferException {
    try (TestGateway gateway = gateway(1, 2)) {
      HealthListRequest question = HealthListRequest.getDefaultInstance();
      RawGrpc.Answer answer = callers.call(gateway.gateway().port("admin"), "List", question);
      assertThat(answer.status()).isZero();
      HealthListResponse all = HealthListResponse.parseFrom(answer.messages().get(0));
      assertThat(all.getStatusesMap())
          .containsOnlyKeys(
              "",
              "cluster:one",
              "cluster:other",
              "cluster:template",
              "route:*/echo",
              "route:shop.Cart",
              "route:shop.Ca*",
              "route:Till")
          .allSatisfy((name, health) -> assertThat(health.getStatus()).isEqualTo(SERVING));
      RawGrpc.Answer refused = callers.call(gateway.port(), "List", question);
      assertThat(refused.status()).isEqualTo(UNIMPLEMENTED);
      assertThat(refused.messages()).isEmpty();
    }
  }

  @Test
  void aNameThatIsTooLongIsRefused() {
    try (TestGateway gateway = gateway(1, 2)) {
      for (int port : ports(gateway)) {
        for (String method : List.of("Check", "Watch")) {
          RawGrpc.Answer answer = callers.call(port, method, question("s".repeat(301)));
          assertThat(answer.status()).as(method).isEqualTo(INVALID_ARGUMENT);
        }
        assertThat(callers.check(port, "s".repeat(300))).isNull();
        assertThat(callers.check(port, "shop.Ca" + "r".repeat(293))).isEqualTo(SERVING);
      }
    }
  }

  @Test
  void callersWhoGiveUpDoNotKeepOthersFromBeingAnswered() {
    try (TestGateway gateway = gateway(1, 2)) {
      List<Watch> given = watch(callers, gateway.port(), 150);
      inTime().until(() -> given.stream().noneMatch(watch -> watch.told().isEmpty()));
      given.forEach(Watch::reset);
      List<Watch> held = watch(callers, gateway.port(), 150);
      inTime().until(() -> held.stream().noneMatch(watch -> watch.told().isEmpty()));
      assertThat(callers.check(gateway.port(), "")).isEqualTo(SERVING);
      assertThat(callers.check(gateway.port(), "cluster:one")).isEqualTo(SERVING);
    }
  }

  @Test
  void thoseWhoWatchLeaveRoomForOthers() {
    List<HealthCaller> many = Stream.generate(HealthCaller::new).limit(5).toList();
    try (TestGateway gateway = gateway(1, 2)) {
      // Each waits until its stream is open, so the callers do so beside each other.
      List<Watch> watches =
          many.parallelStream()
              .map(caller -> watch(caller, gateway.port(), Watchers.MOST / 5))
              .collect(ArrayList::new, List::addAll, List::addAll);
      watches.addAll(watch(callers, gateway.port(), 3));
      inTime()
          .until(
              () ->
                  watches.stream().noneMatch(w -> w.told().isEmpty() && !w.answer().isComplete()));
      List<Watch> refused = watches.stream().filter(w -> w.answer().isComplete()).toList();
      assertThat(refused)
          .hasSize(3)
          .allSatisfy(
              watch -> assertThat(watch.answer().result().status()).isEqualTo(UNIMPLEMENTED));
      for (int port : ports(gateway)) {
        assertThat(callers.check(port, "")).isEqualTo(SERVING);
        assertThat(callers.check(port, "cluster:one")).isEqualTo(SERVING);
      }
    } finally {
      many.forEach(HealthCaller::close);
    }
  }

  private static List<Watch> watch(HealthCaller caller, int port, int times) {
    return Stream.generate(() -> caller.watch(port, "")).limit(times).toList();
  }

  @Test
  void aClusterDoesNotServeWhileCallsKeepAwayFromAllOfItsEndpoints() {
    try (TestGateway gateway = gateway(Downstream.refusingPort(), Downstream.refusingPort());
        Peer caller = gateway.connect()) {
      int admin = gateway.gateway().port("admin");
      Watch cluster = callers.watch(admin, "cluster:one");
      Watch service = callers.watch(gateway.port(), "shop.Cart");
      Watch whole = callers.watch(gateway.port(), "");
      inTime().until(() -> !cluster.told().isEmpty() && !service.told().isEmpty());
      inTime()
          .until(
              () -> {
                caller.call("echo", 1, Thrifts.args("hi"));
                return callers.check(admin, "cluster:one") == NOT_SERVING
                    && callers.check(gateway.port(), "route:shop.Cart") == NOT_SERVING
                    && callers.check(admin, "Till") == NOT_SERVING
                    && cluster.told().size() > 1
                    && service.told().size() > 1;
              });
      assertThat(cluster.told()).startsWith(SERVING, NOT_SERVING);
      assertThat(service.told()).startsWith(SERVING, NOT_SERVING);
      for (String name : List.of("", "cluster:other", "cluster:template", "route:shop.Ca*")) {
        assertThat(callers.check(admin, name)).as(name).isEqualTo(SERVING);
      }
      // Nobody has found out anything new, but callers may come to do so.
      inTime().until(() -> cluster.told().get(cluster.told().size() - 1) == SERVING);
      assertThat(callers.check(admin, "cluster:one")).isEqualTo(SERVING);
      assertThat(whole.told()).containsExactly(SERVING);
    }
  }

  @Test
  void anUnknownNameIsWatchedAllTheSame() {
    try (TestGateway gateway = gateway(1, 2)) {
      for (int port : ports(gateway)) {
        Watch watch = callers.watch(port, "cluster:two");
        inTime().until(() -> !watch.told().isEmpty());
        assertThat(watch.told()).containsExactly(SERVICE_UNKNOWN);
        assertThat(watch.answer().isComplete()).isFalse();
      }
    }
  }

  @Test
  void whoWatchesIsToldThatTheGatewayStopsAndDoesNotHoldItUp() throws InterruptedException {
    CountDownLatch answer = new CountDownLatch(1);
    Downstream.Service slow =
        (peer, n) -> {
          Message m = peer.read();
          answer.await();
          peer.send(Thrifts.reply(m, "hi"));
        };
    try (Downstream downstream = Downstream.serving(slow)) {
      TestGateway gateway = gateway(downstream.port(), 2);
      int admin = gateway.gateway().port("admin");
      try (Peer caller = gateway.connect()) {
        List<Watch> watches =
            List.of(
                callers.watch(admin, ""),
                callers.watch(gateway.port(), ""),
                callers.watch(admin, "cluster:one"),
                callers.watch(gateway.port(), "shop.Cart"));
        watches.forEach(w -> inTime().until(() -> w.told().equals(List.of(SERVING))));
        caller.send(Thrifts.call("echo", 1, "hi"));
        inTime().until(() -> downstream.accepted() == 1);
        Future<Integer> stopped = gateway.gateway().shutdown(LONG);
        for (Watch watch : watches) {
          assertThat(TestGateway.get(watch.answer()).status()).isEqualTo(UNAVAILABLE);
          assertThat(watch.told()).containsExactly(SERVING, NOT_SERVING);
        }
        // The call is still open, and so is the admin listener.
        assertThat(callers.check(admin, "")).isEqualTo(NOT_SERVING);
        assertThat(callers.check(admin, "cluster:other")).isEqualTo(NOT_SERVING);
        assertThat(callers.check(admin, "cluster:two")).isNull();
        Watch late = callers.watch(admin, "");
        assertThat(TestGateway.get(late.answer()).status()).isEqualTo(UNAVAILABLE);
        assertThat(late.told()).containsExactly(NOT_SERVING);
        answer.countDown();
        assertThat(caller.read()).isNotNull();
        assertThat(TestGateway.get(stopped)).isZero();
      }
    }
  }

  @Test
  void callsThatWatchNoLongerAreForgotten() {
    try (TestGateway gateway = gateway(1, 2)) {
      int admin = gateway.gateway().port("admin");
      try (HealthCaller others = new HealthCaller()) {
        Watch one = callers.watch(admin, "");
        Watch two = callers.watch(gateway.port(), "cluster:one");
        others.watch(admin, "");
        others.watch(admin, "cluster:two");
        others.watch(gateway.port(), "");
        inTime().until(() -> watches(admin).equals("health: watched by 5 calls"));
        one.reset();
        two.reset();
        inTime().until(() -> watches(admin).equals("health: watched by 3 calls"));
      }
      // Their connections are gone.
      inTime().until(() -> watches(admin).equals("health: watched by 0 calls"));
      assertThat(callers.check(admin, "")).isEqualTo(SERVING);
    }
  }

  private static String watches(int admin) {
    URI uri = URI.create("http://127.0.0.1:" + admin + "/readyz?verbose");
    try {
      String page =
          HttpClient.newHttpClient()
              .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
              .body();
      return page.lines().reduce((before, line) -> line).orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aCallerThatOnlyBeginsIsNotWaitedForForEver() {
    try (TestGateway gateway = gateway(1, 2)) {
      var begun =
          callers
              .peers()
              .open(gateway.port(), "/grpc.health.v1.Health/Check", HealthCaller.PROTOBUF);
      Future<RawGrpc.Answer> answer = RawGrpc.listen(begun, message -> {});
      begun.sendHead();
      assertThat(TestGateway.get(answer).status()).isEqualTo(4);
      assertThat(callers.call(gateway.port(), "Check").status()).isEqualTo(13);
      assertThat(callers.call(gateway.port(), "Check", question("")).status()).isZero();
    }
  }
}
