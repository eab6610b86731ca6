package io.sluice.gateway.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.Peer;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.testkit.Downstream;
import io.sluice.gateway.testkit.Message;
import io.sluice.gateway.testkit.TestGateway;
import io.sluice.gateway.testkit.Thrifts;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** Which methods get meters of their own. */
class MethodMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final StreamMetrics streams = new StreamMetrics(registry);
  private final FilterMetrics filters = new FilterMetrics(registry);

  private static void ended(CallMetrics metrics, String service, String method, Status status) {
    RpcCall call =
        new RpcCall(
            Protocol.TTHEADER,
            Codec.THRIFT,
            "rpc",
            new Peer(new InetSocketAddress("127.0.0.1", 1)),
            "shop",
            service,
            method,
            new Headers(Headers.Dialect.TTHEADER));
    call.reached(Call.Phase.ENDED);
    metrics.ended(call, CallEnd.of(call, status));
  }

  private double calls(String service, String method) {
    return registry
        .find("sluice.method.calls")
        .tags("service", service, "method", method)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  @Test
  void theFirstSoManyHaveTheirOwnAndTheRestIsOther() {
    Methods methods = new Methods(registry, 3);
    CallMetrics one = new CallMetrics(registry, methods, streams, filters);
    CallMetrics two = new CallMetrics(registry, methods, streams, filters);
    for (int i = 0; i < 100; i++) {
      ended(i % 2 == 0 ? one : two, "Cart", "m" + i, Status.OK);
      ended(one, "Cart", "m1", Status.OK);
    }
    assertThat(calls("shop.Cart", "m0")).isEqualTo(1);
    assertThat(calls("shop.Cart", "m1")).isEqualTo(101);
    assertThat(calls("shop.Cart", "m2")).isEqualTo(1);
    assertThat(calls("other", "other")).isEqualTo(97);
    assertThat(registry.find("sluice.method.duration").timers()).hasSize(4);
  }

  @Test
  void whatNobodyHasAnsweredTakesNoPlace() {
    CallMetrics metrics = new CallMetrics(registry, new Methods(registry, 2), streams, filters);
    for (int i = 0; i < 50; i++) {
      ended(metrics, "Cart", "no" + i, Status.exception(1, "unknown method"));
      ended(metrics, "No" + i, "m", Status.unknownService("x", "m"));
      ended(metrics, "Cart", "gone" + i, Status.grpc(12, ""));
      ended(metrics, "Cart", "x".repeat(200) + i, Status.OK);
    }
    ended(metrics, "Cart", "fails", Status.exception(6, "no luck"));
    assertThat(calls("shop.Cart", "fails")).isEqualTo(1);
    assertThat(calls("other", "other")).isEqualTo(200);
    ended(metrics, "Cart", "fails", Status.unavailable("away"));
    assertThat(calls("shop.Cart", "fails")).isEqualTo(2);
  }

  @Test
  void callersOfAMethodThatIsNotThereDoNotGrowThePage() {
    Downstream.Service oneMethod =
        (peer, n) -> {
          for (Message m = peer.read(); m != null; m = peer.read()) {
            peer.send(
                m.method().equals("echo")
                    ? Thrifts.reply(m, "hi")
                    : Thrifts.exception(m, 1, "unknown method " + m.method()));
          }
        };
    try (Downstream downstream = Downstream.serving(oneMethod);
        TestGateway gateway = TestGateway.to(downstream.port());
        var caller = gateway.connect()) {
      for (int i = 0; i < 300; i++) {
        caller.call("made-up-" + i, i, Thrifts.args("hi"));
      }
      caller.call("echo", 1, Thrifts.args("hi"));
      await()
          .untilAsserted(
              () ->
                  assertThat(gateway.registry().scrape())
                      .contains(
                          "sluice_method_calls_total{method=\"echo\",service=\"\",status=\"ok\"} 1.0")
                      .contains(
                          "sluice_method_calls_total{method=\"other\",service=\"other\",status=\"exception\"} 300.0")
                      .doesNotContain("made-up"));
    }
  }
}
