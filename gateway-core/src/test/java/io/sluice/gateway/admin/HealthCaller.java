package io.sluice.gateway.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.RawGrpc.Answer;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.grpc.health.v1.HealthCheckRequest;
import io.vertx.grpc.health.v1.HealthCheckResponse;
import io.vertx.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** Asks for the health of something, at any port. */
final class HealthCaller implements AutoCloseable {
  static final Map<String, String> PROTOBUF = Map.of("content-type", "application/grpc");
  static final int OK = 0;
  static final int NOT_FOUND = 5;
  private static final String SERVICE = "/grpc.health.v1.Health/";

  private final RawGrpc peers = new RawGrpc();

  /** One call of Watch, with what it has been told. */
  record Watch(HttpClientRequest request, List<ServingStatus> told, Future<Answer> answer) {
    void reset() {
      request.reset(8);
    }
  }

  /** The status of a name; null if the answer is that there is no such name. */
  ServingStatus check(int port, String name) {
    Answer answer = call(port, "Check", question(name));
    if (answer.status() == NOT_FOUND) {
      return null;
    }
    if (answer.status() != OK) {
      throw new AssertionError(answer.end("grpc-status") + " " + answer.end("grpc-message"));
    }
    return status(answer.messages().get(0));
  }

  Answer call(int port, String method, MessageLite... messages) {
    byte[][] all = new byte[messages.length][];
    for (int i = 0; i < all.length; i++) {
      all[i] = messages[i].toByteArray();
    }
    return peers.call(port, SERVICE + method, PROTOBUF, all);
  }

  Watch watch(int port, String name) {
    HttpClientRequest request = peers.open(port, SERVICE + "Watch", PROTOBUF);
    List<ServingStatus> told = new CopyOnWriteArrayList<>();
    Future<Answer> answer = RawGrpc.listen(request, message -> told.add(status(message)));
    request.end(RawGrpc.framed(question(name).toByteArray()));
    return new Watch(request, told, answer);
  }

  static HealthCheckRequest question(String name) {
    return HealthCheckRequest.newBuilder().setService(name).build();
  }

  private static ServingStatus status(byte[] message) {
    try {
      return HealthCheckResponse.parseFrom(message).getStatus();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  RawGrpc peers() {
    return peers;
  }

  @Override
  public void close() {
    peers.close();
  }

  /** Where both a gateway's listeners for calls and its admin listener are. */
  static List<Integer> ports(TestGateway gateway) {
    return List.of(gateway.gateway().port("admin"), gateway.port());
  }
}
