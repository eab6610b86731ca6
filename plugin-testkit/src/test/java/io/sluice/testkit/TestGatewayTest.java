package io.sluice.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.LoadBalancer;
import io.sluice.api.LoadBalancerFactory;
import io.sluice.api.Payload;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.vertx.core.Future;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class TestGatewayTest {
  private static final String EVERY = "io.sluice.testkit.Request#ofEveryProtocol";
  private static final String USE = "{use: guard, with: {refuse: [secret]}}";

  private static final Filter IDLE = new Filter() {};

  private static TestGateway memory;
  private static TestGateway sockets;

  @BeforeAll
  static void start() {
    memory = TestGateway.of(new GuardFactory()).use(USE).inMemory();
    sockets = TestGateway.of(new GuardFactory()).use(USE).start();
  }

  @AfterAll
  static void stop() {
    memory.close();
    sockets.close();
  }

  private static List<TestGateway> both() {
    return List.of(memory, sockets);
  }

  /** One gateway of each kind before the same service, closed when the test is done with it. */
  private static void withBoth(Filter filter, FakeService first, FakeService second, Use use) {
    try (TestGateway gateway = TestGateway.of().use("tried", filter).to(first).inMemory()) {
      use.of(gateway);
    }
    try (TestGateway gateway = TestGateway.of().use("tried", filter).to(second).start()) {
      use.of(gateway);
    }
  }

  private interface Use {
    void of(TestGateway gateway);
  }

  private static FakeService.Got last(TestGateway gateway) {
    List<FakeService.Got> got = gateway.service().got();
    return got.get(got.size() - 1);
  }

  @ParameterizedTest
  @MethodSource(EVERY)
  void aCallPassesTheFilterAndIsAnswered(Request request) {
    for (TestGateway gateway : both()) {
      Reply reply = gateway.call(request);
      assertThat(reply.status()).isEqualTo(Status.OK);
      assertThat(reply.text()).isEqualTo("hello");
      assertThat(last(gateway).texts()).containsExactly("hello");
      assertThat(last(gateway).protocol()).isEqualTo(request.protocol());
      assertThat(last(gateway).codec()).isEqualTo(request.codec());
      if (request.protocol().carriesMetadata()) {
        assertThat(reply.metadata()).containsEntry("x-answered", "yes");
        assertThat(last(gateway).metadata()).containsEntry("x-guarded", "yes");
      }
    }
  }

  @ParameterizedTest
  @MethodSource(EVERY)
  void aRefusalIsToldAsTheCallerSeesIt(Request request) {
    request.to("Test", "secret");
    Status expected =
        request.protocol() == Protocol.GRPC
            ? Status.grpc(7, "request forbidden: not this")
            : Status.exception(6, "request forbidden: not this");
    for (TestGateway gateway : both()) {
      int before = gateway.service().got().size();
      Reply reply = gateway.call(request);
      assertThat(reply.isOk()).isFalse();
      assertThat(reply.status()).isEqualTo(expected);
      assertThat(reply.messages()).isEmpty();
      assertThat(gateway.service().got()).hasSize(before);
    }
  }

  @ParameterizedTest
  @MethodSource(EVERY)
  void theServiceIsToldWhatTheCallerSays(Request request) {
    request
        .to("shop.Cart", "Get")
        .from("web", "Home")
        .metadata("tier", "gold")
        .persistent("TRACE", "1")
        .transients("HOP", "2")
        .timeout(Duration.ofSeconds(9));
    for (TestGateway gateway : both()) {
      assertThat(gateway.call(request).isOk()).isTrue();
      FakeService.Got got = last(gateway);
      assertThat(got.method()).isEqualTo("Get");
      if (!request.protocol().carriesMetadata()) {
        assertThat(got.service()).isEmpty();
        assertThat(got.caller()).isEmpty();
        continue;
      }
      assertThat(got.service())
          .isEqualTo(request.protocol() == Protocol.GRPC ? "shop.Cart" : "Cart");
      assertThat(got.caller()).isEqualTo("web");
      assertThat(got.metadata()).containsEntry("tier", "gold");
      assertThat(got.persistent()).isEqualTo(Map.of("TRACE", "1"));
      assertThat(got.transients()).isEqualTo(Map.of("HOP", "2"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"GRPC", "TTSTREAM"})
  void aStreamIsSpokenInTurns(Protocol protocol) {
    for (TestGateway gateway : both()) {
      try (CallStream stream = gateway.open(Request.by(protocol).text("one"))) {
        assertThat(stream.next()).isEqualTo("one");
        assertThat(stream.send("two").next()).isEqualTo("two");
        Reply reply = stream.send("three").halfClose().end();
        assertThat(reply.status()).isEqualTo(Status.OK);
        assertThat(reply.texts()).containsExactly("three");
        assertThatExceptionOfType(AssertionError.class)
            .isThrownBy(stream::next)
            .withMessageContaining("the call has ended");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"GRPC", "TTSTREAM"})
  void aStreamIsGivenUp(Protocol protocol) {
    for (TestGateway gateway : both()) {
      try (CallStream stream = gateway.open(Request.by(protocol).text("one"))) {
        assertThat(stream.next()).isEqualTo("one");
        stream.cancel();
        assertThat(stream.end().status().code()).isEqualTo(Status.Code.CANCELLED);
      }
    }
  }

  @ParameterizedTest
  @MethodSource(EVERY)
  void aFilterThatThrowsIsNamed(Request request) {
    Filter throwing =
        new Filter() {
          @Override
          public Step onRequest(Call call) {
            throw new IllegalStateException("on purpose");
          }
        };
    try (TestGateway gateway = TestGateway.of().use("thrower", throwing).inMemory()) {
      assertThat(gateway.call(request).status().text()).isEqualTo("filter thrower failed");
    }
  }

  @Test
  void hooksOfMessagesSeeAndReplaceThem() {
    Filter shouting =
        new Filter() {
          @Override
          public Step onRequestMessage(Call call, Payload message) {
            return Step.await(Future.succeededFuture(Step.replace(Payload.of(message.copy()))));
          }

          @Override
          public Step onResponseMessage(Call call, Payload message) {
            return Step.replace(Payload.of(Texts.encode(call.codec(), "HELLO")));
          }
        };
    withBoth(
        shouting,
        FakeService.echoing(),
        FakeService.echoing(),
        gateway ->
            Request.ofEveryProtocol()
                .forEach(request -> assertThat(gateway.call(request).text()).isEqualTo("HELLO")));
  }

  @Test
  void aSlowServiceAnswersLater() {
    withBoth(
        IDLE,
        FakeService.slow(Duration.ofMillis(20)),
        FakeService.slow(Duration.ofMillis(20)),
        gateway ->
            Request.ofEveryProtocol()
                .forEach(request -> assertThat(gateway.call(request).text()).isEqualTo("hello")));
  }

  @Test
  void aFailingServiceFails() {
    withBoth(
        IDLE,
        FakeService.failing("no more"),
        FakeService.failing("no more"),
        gateway -> {
          for (Request request : Request.ofEveryProtocol()) {
            assertThat(gateway.call(request).status())
                .isEqualTo(
                    request.protocol() == Protocol.GRPC
                        ? Status.grpc(2, "no more")
                        : Status.exception(6, "no more"));
          }
        });
  }

  @Test
  void aSilentServiceIsWaitedForUntilTheDeadline() {
    withBoth(
        IDLE,
        FakeService.silent(),
        FakeService.silent(),
        gateway -> {
          for (Protocol protocol : List.of(Protocol.TTHEADER_FRAMED, Protocol.GRPC)) {
            Request request = Request.by(protocol).timeout(Duration.ofMillis(50)).text("hello");
            assertThat(gateway.call(request).status().text()).startsWith("rpc timeout: ");
          }
        });
  }

  @Test
  void aServiceThatResetsLosesTheCall() {
    withBoth(
        IDLE,
        FakeService.resetting(),
        FakeService.resetting(),
        gateway -> {
          for (Request request : Request.ofEveryProtocol()) {
            assertThat(gateway.call(request).status().text()).startsWith("remote or network error");
          }
        });
  }

  @Test
  void aWholeConfigurationMayBeGiven() {
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters: {only: {endpoints: ['127.0.0.1:%d'], transport: framed}}
        routes: [{match: {service: Known}, cluster: only}]
        """;
    Request known = Request.by(Protocol.TTHEADER).to("Known", "call").text("hello");
    Request unknown = Request.by(Protocol.TTHEADER).to("Unknown", "call").text("hello");
    FakeService service = FakeService.echoing();
    for (Function<TestGateway.Builder, TestGateway> way :
        List.<Function<TestGateway.Builder, TestGateway>>of(
            TestGateway.Builder::inMemory, TestGateway.Builder::start)) {
      try (TestGateway gateway =
          way.apply(TestGateway.of().to(service).config(config.formatted(service.port())))) {
        assertThat(gateway.call(known).text()).isEqualTo("hello");
        assertThat(gateway.call(unknown).status())
            .isEqualTo(Status.exception(20, "unknown service Unknown, method call"));
      }
    }
  }

  /** Chooses the only endpoint, and counts. */
  private record Counting(AtomicInteger chosen) implements LoadBalancerFactory<Counting.None> {
    record None() {}

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public Class<None> settings() {
      return None.class;
    }

    @Override
    public LoadBalancer create(None settings) {
      return (call, endpoints) -> {
        chosen.incrementAndGet();
        return 0;
      };
    }
  }

  @Test
  void factoriesOfOtherThanFiltersMayBeUsedToo() {
    Counting counting = new Counting(new AtomicInteger());
    FakeService service = FakeService.echoing();
    String config =
        """
        listeners: {rpc: {address: '127.0.0.1:0'}}
        clusters:
          only: {endpoints: ['127.0.0.1:%d'], transport: framed, balance: {use: counting}}
        routes: [{cluster: only}]
        """;
    try (TestGateway gateway =
        TestGateway.of(counting).to(service).config(config.formatted(service.port())).start()) {
      assertThat(gateway.call(Request.by(Protocol.FRAMED).text("hello")).text()).isEqualTo("hello");
    }
    assertThat(counting.chosen()).hasValue(1);
  }

  @Test
  void theServiceIsClosedWithAGatewayThatCannotStart() {
    FakeService service = FakeService.echoing();
    int port = service.port();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestGateway.of().to(service).use("{use: none}").start());
    assertThatIOException().isThrownBy(() -> new Socket("127.0.0.1", port).close());
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestGateway.of(new GuardFactory()).use("{use: gard}").inMemory())
        .withMessageContaining("did you mean 'guard'?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Request.by(Protocol.TTSTREAM, Codec.PROTOBUF));
    assertThatIllegalArgumentException().isThrownBy(() -> memory.open(Request.by(Protocol.FRAMED)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.call(Request.by(Protocol.FRAMED).text("a").text("b")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> memory.call(Request.by(Protocol.GRPC).metadata("grpc-status", "0")));
    assertThatIllegalStateException().isThrownBy(memory::port);
    Filter broken =
        new Filter() {
          @Override
          public void start(FilterContext context) {
            throw new IllegalStateException("no file");
          }
        };
    for (Function<TestGateway.Builder, TestGateway> way :
        List.<Function<TestGateway.Builder, TestGateway>>of(
            TestGateway.Builder::inMemory, TestGateway.Builder::start)) {
      assertThatExceptionOfType(AssertionError.class)
          .isThrownBy(() -> way.apply(TestGateway.of().use("broken", broken)))
          .withMessageContaining("filter 'broken' cannot start: no file");
    }
  }

  @Test
  void everyPairOfProtocolAndCodecIsThere() {
    Set<String> pairs =
        Set.copyOf(
            Request.ofEveryProtocol().stream()
                .map(r -> r.protocol().label() + " " + r.codec().label())
                .toList());
    assertThat(pairs)
        .containsExactlyInAnyOrder(
            "buffered thrift",
            "framed thrift",
            "framed protobuf",
            "ttheader thrift",
            "ttheader-framed thrift",
            "ttheader-framed protobuf",
            "grpc thrift",
            "grpc protobuf",
            "ttstream thrift");
  }

  @Test
  void aHookIsCalledWithoutAGateway() {
    Filter filter = TestFilters.make(new GuardFactory(), "refuse: [secret]\ntimes: 2");
    Call call =
        Request.by(Protocol.GRPC).to("shop.Cart", "secret").from("web").at("10.1.2.3").toCall();
    assertThat(call.packageName()).isEqualTo("shop");
    assertThat(call.service()).isEqualTo("Cart");
    assertThat(call.peer().toString()).contains("10.1.2.3");
    assertThat(filter.onRequest(call)).isEqualTo(Step.reject(Status.forbidden("not thisnot this")));
    assertThat(TestFilters.outcome(call, Status.OK).status()).isEqualTo(Status.OK);
    Call passes = Request.by(Protocol.TTHEADER).metadata("a", "b").toCall();
    assertThat(filter.onRequest(passes)).isEqualTo(Step.NEXT);
    assertThat(filter.onResponse(passes)).isEqualTo(Step.NEXT);
    assertThat(passes.metadata().get("x-guarded")).isEqualTo("yes");
    assertThat(passes.responseMetadata().get("x-answered")).isEqualTo("yes");
  }

  @Test
  void settingsAreCheckedAsTheGatewayDoes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TestFilters.make(new GuardFactory(), "times: 4"))
        .withMessage("settings:1:8: '4' is too large: at most 3");
  }
}
