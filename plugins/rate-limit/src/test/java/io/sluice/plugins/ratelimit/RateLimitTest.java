package io.sluice.plugins.ratelimit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.api.FilterFactory;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Frames;
import io.sluice.gateway.testkit.Journal;
import io.sluice.gateway.testkit.Peer;
import io.sluice.gateway.testkit.Probe;
import io.sluice.gateway.testkit.Splits;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import io.sluice.gateway.testkit.Trial;
import io.sluice.gateway.testkit.Who;
import io.sluice.gateway.wire.ttstream.FrameType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Which calls are counted together, and when they are too many. */
class RateLimitTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** With a rate of one a day no token comes back while a test runs. */
  private static Trial trial(String settings) {
    return new Trial(
        "  - {use: who}\n  - {use: rate-limit, with: {%s}}".formatted(settings),
        new Who(),
        new RateLimitFactory());
  }

  private static Status over(String text) {
    return Status.exception(6, "request over limit: more than " + text);
  }

  private static Status call(Trial trial, String caller, String service, String who) {
    return trial.ttheader(caller, service, "Add", Map.of("who", who)).status();
  }

  @Test
  void theFactoryIsFoundAsAService() {
    assertThat(ServiceLoader.load(FilterFactory.class))
        .singleElement()
        .satisfies(factory -> assertThat(factory.name()).isEqualTo("rate-limit"));
  }

  @ParameterizedTest
  @EnumSource
  void itComesAfterWhoTellsIdentitiesIfItCountsByThem(By by) {
    RateLimitSettings settings =
        new RateLimitSettings(by, null, 1, Duration.ofSeconds(1), null, null, 1, null);
    String[] first = by == By.IDENTITY ? new String[] {"key-auth", "jwt-auth"} : new String[0];
    assertThat(new RateLimitFactory().comesAfter(settings)).containsExactly(first);
  }

  @Test
  void callersOfEveryProtocolAreTold() {
    try (Trial trial = trial("rate: 1, per: 24h, burst: 3")) {
      assertThat(trial.framed("Add").status()).isEqualTo(Status.OK);
      assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status()).isEqualTo(Status.OK);
      assertThat(trial.ttstream().status()).isEqualTo(Status.OK);

      String text = "request over limit: more than 1 call in 24h";
      assertThat(trial.framed("Add").status()).isEqualTo(Status.exception(6, text));
      assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status()).isEqualTo(Status.grpc(8, text));
      assertThat(trial.ttstream().status()).isEqualTo(Status.exception(6, text));
      var registry = trial.gateway().registry();
      assertThat(registry.get("sluice.rate.limit.allowed").counter().count()).isEqualTo(3);
      assertThat(registry.get("sluice.rate.limit.limited").counter().count()).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "caller, web, Cart, x, app, ' by this caller'",
    "identity, web, Cart, jane, joe, ' by this identity'",
    "metadata, web, Cart, jane, joe, ' with this who'",
    "service, web, Cart, x, Users, ' of this service'",
  })
  void eachKeyHasItsOwn(
      String by, String caller, String service, String who, String other, String words) {
    String metadata = by.equals("metadata") ? ", metadata: who" : "";
    try (Trial trial = trial("name: own, rate: 1, per: 24h, burst: 2, by: " + by + metadata)) {
      for (int i = 0; i < 2; i++) {
        assertThat(call(trial, caller, service, who)).isEqualTo(Status.OK);
      }
      assertThat(call(trial, caller, service, who)).isEqualTo(over("1 call in 24h" + words));
      String otherCaller = by.equals("caller") ? other : caller;
      String otherService = by.equals("service") ? other : service;
      String otherWho = by.equals("identity") || by.equals("metadata") ? other : who;
      assertThat(call(trial, otherCaller, otherService, otherWho)).isEqualTo(Status.OK);
      assertThat(trial.gateway().registry().get("sluice.rate.limit.own.keys").gauge().value())
          .isEqualTo(2);
    }
  }

  @Test
  void methodsAndAddressesAreKeysToo() {
    try (Trial trial = trial("rate: 1, per: 24h, by: method")) {
      assertThat(trial.framed("Add").status()).isEqualTo(Status.OK);
      assertThat(trial.framed("Get").status()).isEqualTo(Status.OK);
      assertThat(trial.grpc("/shop.Cart/Add", Map.of()).status()).isEqualTo(Status.OK);
      assertThat(trial.framed("Add").status()).isEqualTo(over("1 call in 24h of this method"));
    }
    try (Trial trial = trial("rate: 1, per: 24h, by: peer")) {
      assertThat(trial.framed("Add").status()).isEqualTo(Status.OK);
      assertThat(trial.framed("Get").status()).isEqualTo(over("1 call in 24h from this address"));
    }
  }

  @Test
  void keysThatDifferLateDiffer() {
    try (Trial trial = trial("rate: 1, per: 24h, by: metadata, metadata: x-tenant")) {
      String common = "k".repeat(5000);
      Map<String, String> a = Map.of("x-tenant", common + "a");
      Map<String, String> b = Map.of("x-tenant", common + "b");
      assertThat(trial.ttheader("", "Cart", "Add", a).status()).isEqualTo(Status.OK);
      assertThat(trial.ttheader("", "Cart", "Add", b).status()).isEqualTo(Status.OK);
      assertThat(trial.ttheader("", "Cart", "Add", a).status().isOk()).isFalse();
    }
  }

  @Test
  void keysAreBounded() {
    try (Trial trial = trial("rate: 1, per: 24h, by: metadata, metadata: x-tenant, maxKeys: 10")) {
      for (int i = 0; i < 100; i++) {
        Map<String, String> another = Map.of("x-tenant", "tenant-" + i);
        assertThat(trial.ttheader("", "Cart", "Add", another).status()).isEqualTo(Status.OK);
      }
      assertThat(trial.gateway().registry().get("sluice.rate.limit.keys").gauge().value())
          .isBetween(1.0, 10.0);
    }
  }

  /** However a call ends, the next one may come. */
  @Test
  void aCallThatFailsIsNoLongerUnderWay() {
    String config =
        TestGateway.config("framed", "", Downstream.refusingPort())
            + "filters:\n  - {use: rate-limit, with: {concurrency: 1}}\n  - {use: bouncer}\n";
    Probe bouncer =
        Probe.of("bouncer", new Journal())
            .on(
                Probe.Hook.REQUEST,
                (call, none) ->
                    call.method().equals("refused")
                        ? Step.reject(Status.forbidden("not you"))
                        : Step.NEXT);
    try (TestGateway gateway =
            TestGateway.start(config, 2, List.of(new RateLimitFactory(), bouncer.factory()));
        Peer caller = gateway.connect()) {
      for (int i = 0; i < 10; i++) {
        for (String method : new String[] {"refused", "lost"}) {
          String text = caller.call(method, i, Thrifts.args("hi")).exception().text();
          assertThat(text)
              .startsWith(method.equals("lost") ? "remote or network error" : "request forbidden");
        }
      }
    }
  }

  @Test
  void aStreamCountsUntilItsEnd() {
    try (Trial trial = trial("concurrency: 2, by: caller");
        Peer streams = trial.gateway().connect()) {
      streams.send(Frames.open(1));
      streams.send(Frames.open(3));
      assertThat(streams.readFrame().type()).isEqualTo(FrameType.HEADER);
      assertThat(streams.readFrame().type()).isEqualTo(FrameType.HEADER);
      Status over = over("2 calls at once by this caller");
      assertThat(trial.ttstream().status()).isEqualTo(over);
      assertThat(trial.ttstream().status()).isEqualTo(over);
      streams.send(Frames.halfClose(1));
      await().atMost(PATIENCE).until(() -> trial.ttstream().status().isOk());
      // The end of one lets in one.
      await().atMost(PATIENCE).until(() -> trial.ttstream().status().isOk());
      // Its caller goes away.
      streams.reset();
      await().atMost(PATIENCE).until(() -> takesTwo(trial));
    }
  }

  /** Whether two streams can be open at once. */
  private static boolean takesTwo(Trial trial) {
    try (Peer streams = trial.gateway().connect()) {
      streams.send(
          Splits.glued(Frames.open(1), Frames.open(3), Frames.halfClose(1), Frames.halfClose(3)));
      boolean both = true;
      for (int ends = 0; ends < 2; ) {
        Peer.StreamFrame frame = streams.readFrame();
        if (frame.type() == FrameType.TRAILER) {
          ends++;
          both &= frame.payload().length == 0;
        }
      }
      return both;
    }
  }

  @Test
  void whatDoesNotFitTogetherIsRefused() {
    assertThatThrownBy(() -> trial(""))
        .hasMessageContaining("nothing is limited: give rate or concurrency");
    assertThatThrownBy(() -> trial("concurrency: 1, burst: 2"))
        .hasMessageContaining("'burst' is one of a 'rate'");
    assertThatThrownBy(() -> trial("rate: 1, by: metadata"))
        .hasMessageContaining("'by: metadata' and 'metadata' belong together");
    assertThatThrownBy(() -> trial("rate: 1, metadata: x"))
        .hasMessageContaining("'by: metadata' and 'metadata' belong together");
    assertThatThrownBy(() -> trial("rate: 1, per: 24h, burst: 1000"))
        .hasMessageContaining("would take more than a year");
  }
}
