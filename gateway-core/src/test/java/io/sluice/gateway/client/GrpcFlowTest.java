package io.sluice.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.gateway.loop.Budget;
import io.sluice.gateway.testkit.GrpcPeers;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.streams.WriteStream;
import io.vertx.grpc.client.GrpcClientRequest;
import io.vertx.grpc.client.GrpcClientResponse;
import io.vertx.grpc.server.GrpcServerRequest;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A stream that nobody reads, on connections that it shares with others, the same on both legs: the
 * others go on, and the gateway holds little of the one that waits.
 */
class GrpcFlowTest {
  private static final int MESSAGE = 16 * 1024;
  private static final int NEIGHBOURS = 200;

  /** The window of the gateway's stream, and a message that is half there. */
  private static final long BOUND = 256 * 1024 + 2 * MESSAGE;

  private final GrpcPeers peers = new GrpcPeers();
  private final AtomicInteger written = new AtomicInteger();
  private final AtomicReference<GrpcServerRequest<Buffer, Buffer>> stalled =
      new AtomicReference<>();
  private final Set<HttpConnection> connections = ConcurrentHashMap.newKeySet();
  private final int downstream =
      peers.serve(new HttpServerOptions().setHttp2ConnectionWindowSize(1 << 24), this::serve);

  @AfterEach
  void stop() {
    peers.close();
  }

  private void serve(GrpcServerRequest<Buffer, Buffer> call) {
    connections.add(call.connection());
    switch (call.methodName()) {
      case "Swallow" -> {
        call.pause();
        stalled.set(call);
      }
      case "Pour" -> pump(call.response());
      default -> {
        call.handler(m -> call.response().write(m));
        call.endHandler(end -> call.response().end());
      }
    }
  }

  /** Writes until it is told to wait, again and again. */
  private void pump(WriteStream<Buffer> to) {
    while (!to.writeQueueFull() && written.get() < 10_000) {
      to.write(Buffer.buffer(new byte[MESSAGE]));
      written.incrementAndGet();
    }
    to.drainHandler(ready -> pump(to));
  }

  private void awaitStill() {
    int[] last = {-1};
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(100))
        .during(Duration.ofMillis(500))
        .until(
            () -> {
              boolean same = written.get() == last[0] && last[0] > 0;
              last[0] = written.get();
              return same;
            });
  }

  private void assertNeighboursGoOn(TestGateway gateway) {
    String text = "x".repeat(MESSAGE);
    for (int i = 0; i < NEIGHBOURS; i++) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Echo");
      Future<GrpcPeers.Answer> answer = GrpcPeers.listen(request);
      GrpcPeers.say(request, List.of(text));
      assertThat(TestGateway.get(answer).messages()).containsExactly(text);
    }
    assertThat(connections).as("connections to the downstream").hasSize(1);
    assertThat(gateway.registry().get("sluice.connections").gauge().value())
        .as("connections of the caller")
        .isEqualTo(1);
  }

  @Test
  void aRequestThatIsNotRead() {
    long before = Budget.ofProcess().held();
    try (TestGateway gateway = TestGateway.to(downstream)) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Swallow");
      pump(request);
      await().until(() -> stalled.get() != null);
      awaitStill();
      assertThat(Budget.ofProcess().held() - before).isLessThan(BOUND);
      int stopped = written.get();
      assertNeighboursGoOn(gateway);
      AtomicInteger read = new AtomicInteger();
      stalled.get().handler(m -> read.incrementAndGet());
      stalled.get().resume();
      await().until(() -> read.get() > stopped);
      request.cancel();
    }
  }

  @Test
  void aResponseThatIsNotRead() {
    long before = Budget.ofProcess().held();
    try (TestGateway gateway = TestGateway.to(downstream)) {
      GrpcClientRequest<Buffer, Buffer> request = peers.open(gateway.port(), "Pour");
      request.write(Buffer.buffer("go"));
      GrpcClientResponse<Buffer, Buffer> response =
          TestGateway.get(request.response().map(GrpcClientResponse::pause));
      awaitStill();
      assertThat(Budget.ofProcess().held() - before).isLessThan(BOUND);
      int stopped = written.get();
      assertNeighboursGoOn(gateway);
      AtomicInteger read = new AtomicInteger();
      response.handler(m -> read.incrementAndGet());
      response.resume();
      await().until(() -> read.get() > stopped);
      request.cancel();
    }
  }
}
