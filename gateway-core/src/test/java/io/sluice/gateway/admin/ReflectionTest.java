package io.sluice.gateway.admin;

import static io.sluice.gateway.admin.HealthCaller.ports;
import static io.sluice.gateway.testkit.Http2Peer.END_HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.HEADERS;
import static io.sluice.gateway.testkit.Http2Peer.PING;
import static io.sluice.gateway.testkit.Http2Peer.frame;
import static io.sluice.gateway.testkit.Http2Peer.list;
import static io.sluice.gateway.testkit.Http2Peer.reset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.sluice.gateway.testkit.Http2Peer;
import io.sluice.gateway.testkit.RawGrpc;
import io.sluice.gateway.testkit.RawGrpc.Answer;
import io.sluice.gateway.testkit.TestGateway;
import io.vertx.core.Future;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.grpc.reflection.v1.ExtensionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Server reflection of the gateway's own services. */
class ReflectionTest {
  private static final String V1 = "v1";

  private final RawGrpc peers = new RawGrpc();

  @AfterEach
  void stop() {
    peers.close();
  }

  private static TestGateway gateway() {
    return TestGateway.start(
        """
        listeners:
          rpc: {address: '127.0.0.1:0'}
          admin: {address: '127.0.0.1:0', serves: admin}
        """,
        1,
        List.of());
  }

  private static String path(String version) {
    return "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo";
  }

  private static ServerReflectionRequest.Builder ask() {
    return ServerReflectionRequest.newBuilder().setHost("any");
  }

  /** The answers to these questions, all of one call. */
  private List<ServerReflectionResponse> answers(
      int port, String version, ServerReflectionRequest.Builder... questions) {
    byte[][] messages = new byte[questions.length][];
    for (int i = 0; i < messages.length; i++) {
      messages[i] = questions[i].build().toByteArray();
    }
    Answer answer = peers.call(port, path(version), HealthCaller.PROTOBUF, messages);
    assertThat(answer.status()).isZero();
    List<ServerReflectionResponse> answers = new ArrayList<>();
    for (byte[] message : answer.messages()) {
      answers.add(response(message));
    }
    assertThat(answers)
        .extracting(ServerReflectionResponse::getOriginalRequest)
        .containsExactly(
            List.of(questions).stream()
                .map(ServerReflectionRequest.Builder::build)
                .toArray(ServerReflectionRequest[]::new));
    return answers;
  }

  private static ServerReflectionResponse response(byte[] message) {
    try {
      return ServerReflectionResponse.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  /** The one file of an answer, which has to be right in itself. */
  private static FileDescriptor file(ServerReflectionResponse answer) {
    List<ByteString> files = answer.getFileDescriptorResponse().getFileDescriptorProtoList();
    assertThat(files).hasSize(1);
    try {
      return FileDescriptor.buildFrom(
          FileDescriptorProto.parseFrom(files.get(0)), new FileDescriptor[0]);
    } catch (InvalidProtocolBufferException | DescriptorValidationException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {V1, "v1alpha"})
  void eachServiceIsListedAndLeadsToItsFile(String version) {
    try (TestGateway gateway = gateway()) {
      for (int port : ports(gateway)) {
        ServerReflectionResponse list = answers(port, version, ask().setListServices("")).get(0);
        List<String> services =
            list.getListServicesResponse().getServiceList().stream()
                .map(ServiceResponse::getName)
                .toList();
        assertThat(services)
            .containsExactly(
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection");
        for (String service : services) {
          FileDescriptor file =
              file(answers(port, version, ask().setFileContainingSymbol(service)).get(0));
          assertThat(file.getServices()).hasSize(1);
          assertThat(file.getServices().get(0).getFullName()).isEqualTo(service);
          FileDescriptor byName =
              file(answers(port, version, ask().setFileByFilename(file.getName())).get(0));
          assertThat(byName.toProto()).isEqualTo(file.toProto());
        }
      }
    }
  }

  @Test
  void soManyCallsAtOnceAndNoMore() {
    try (TestGateway gateway = gateway();
        Http2Peer caller = Http2Peer.connect(gateway.gateway().port("admin"))) {
      // The services are made when the first call comes, and those that come meanwhile wait.
      answers(gateway.gateway().port("admin"), V1, ask().setListServices(""));
      byte[] head =
          list(
              new DefaultHttp2Headers(false)
                  .method("POST")
                  .scheme("http")
                  .path(path(V1))
                  .authority("any"),
              "content-type",
              "application/grpc",
              "te",
              "trailers");
      for (int call = 0; call < ReflectionService.MOST; call++) {
        caller.send(frame(HEADERS, END_HEADERS, 2 * call + 1, head));
      }
      caller.send(frame(PING, 0, 0, new byte[8]));
      caller.readUntil(PING);
      byte[] question = ask().setListServices("").build().toByteArray();
      int port = gateway.port();
      assertThat(peers.call(port, path(V1), HealthCaller.PROTOBUF, question).status()).isEqualTo(8);
      caller.send(reset(1, 8));
      await()
          .untilAsserted(
              () ->
                  assertThat(peers.call(port, path(V1), HealthCaller.PROTOBUF, question).status())
                      .isZero());
    }
  }

  @Test
  void aCallTakesManyQuestions() {
    try (TestGateway gateway = gateway()) {
      List<ServerReflectionResponse> answers =
          answers(
              gateway.port(),
              V1,
              ask().setFileByFilename("grpc/health/v1/health.proto"),
              ask().setFileContainingSymbol("grpc.health.v1.Health.Watch"),
              ask().setFileContainingSymbol("grpc.health.v1.HealthCheckResponse.ServingStatus"),
              ask().setFileContainingSymbol("grpc.reflection.v1alpha.ErrorResponse"),
              ask().setFileContainingSymbol("shop.Cart"),
              ask().setFileByFilename("shop.proto"),
              ask().setAllExtensionNumbersOfType("grpc.health.v1.HealthCheckRequest"),
              ask().setAllExtensionNumbersOfType("shop.Item"),
              ask()
                  .setFileContainingExtension(
                      ExtensionRequest.newBuilder().setContainingType("shop.Item")),
              ask());
      assertThat(answers.subList(0, 4))
          .extracting(answer -> file(answer).getPackage())
          .containsExactly(
              "grpc.health.v1", "grpc.health.v1", "grpc.health.v1", "grpc.reflection.v1alpha");
      assertThat(answers.subList(4, 10))
          .extracting(answer -> answer.getErrorResponse().getErrorCode())
          .containsExactly(5, 5, 0, 5, 5, 3);
      assertThat(answers.get(6).getAllExtensionNumbersResponse().getExtensionNumberList())
          .isEmpty();
      assertThat(answers.get(6).getAllExtensionNumbersResponse().getBaseTypeName())
          .isEqualTo("grpc.health.v1.HealthCheckRequest");
    }
  }

  @Test
  void aCallThatAsksNoMoreEnds() {
    try (TestGateway gateway = gateway()) {
      HttpClientRequest call = peers.open(gateway.port(), path(V1), HealthCaller.PROTOBUF);
      List<byte[]> messages = new CopyOnWriteArrayList<>();
      Future<Answer> answer = RawGrpc.listen(call, messages::add);
      call.write(RawGrpc.framed(ask().setListServices("").build().toByteArray()));
      assertThat(TestGateway.get(answer).status()).isZero();
      assertThat(messages).hasSize(1);
    }
  }
}
