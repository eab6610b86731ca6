package io.sluice.gateway.admin;

import com.google.protobuf.ByteString;
import io.vertx.core.Vertx;
import io.vertx.grpc.common.GrpcMessageDecoder;
import io.vertx.grpc.common.GrpcMessageEncoder;
import io.vertx.grpc.common.GrpcStatus;
import io.vertx.grpc.common.ServiceMethod;
import io.vertx.grpc.common.ServiceName;
import io.vertx.grpc.reflection.v1.ErrorResponse;
import io.vertx.grpc.reflection.v1.ExtensionNumberResponse;
import io.vertx.grpc.reflection.v1.FileDescriptorResponse;
import io.vertx.grpc.reflection.v1.ListServiceResponse;
import io.vertx.grpc.reflection.v1.ServerReflectionRequest;
import io.vertx.grpc.reflection.v1.ServerReflectionResponse;
import io.vertx.grpc.reflection.v1.ServiceResponse;
import io.vertx.grpc.server.GrpcServer;
import io.vertx.grpc.server.GrpcServerRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code ServerReflection}, of the version {@code v1} and of {@code v1alpha}, whose messages are
 * the same. Messages are those of Vert.x; its own service is not, since it has no {@code v1alpha}
 * and ends a call with its first answer.
 */
final class ReflectionService {
  /** A call that asks nothing for a while is over, so there are never many. */
  static final int MOST = 100;

  private static final List<String> NAMES =
      List.of(ProtoFiles.REFLECTION, ProtoFiles.REFLECTION_ALPHA);

  private final Vertx vertx;
  private final ProtoFiles files;

  /** How many calls are open. */
  private int open;

  ReflectionService(Vertx vertx, ProtoFiles files) {
    this.vertx = vertx;
    this.files = files;
  }

  /** Has the server call this. */
  void bind(GrpcServer server) {
    for (String name : NAMES) {
      ServiceMethod<ServerReflectionRequest, ServerReflectionResponse> method =
          ServiceMethod.server(
              ServiceName.create(name),
              "ServerReflectionInfo",
              GrpcMessageEncoder.encoder(),
              GrpcMessageDecoder.decoder(ServerReflectionRequest.newBuilder()));
      server.callHandler(method, this::serve);
    }
  }

  private void serve(GrpcServerRequest<ServerReflectionRequest, ServerReflectionResponse> request) {
    ServiceCall<ServerReflectionRequest, ServerReflectionResponse> call =
        new ServiceCall<>(vertx, request);
    if (open == MOST) {
      call.end(GrpcStatus.RESOURCE_EXHAUSTED, MOST + " calls ask already");
      return;
    }
    open++;
    call.whenOver(() -> open--);
    call.each(question -> call.answerInStep(answer(question)));
  }

  private ServerReflectionResponse answer(ServerReflectionRequest question) {
    ServerReflectionResponse.Builder answer =
        ServerReflectionResponse.newBuilder()
            .setValidHost(question.getHost())
            .setOriginalRequest(question);
    switch (question.getMessageRequestCase()) {
      case LIST_SERVICES -> answer.setListServicesResponse(services());
      case FILE_BY_FILENAME -> file(answer, files.named(question.getFileByFilename()));
      case FILE_CONTAINING_SYMBOL -> file(answer, files.with(question.getFileContainingSymbol()));
      case FILE_CONTAINING_EXTENSION -> notFound(answer);
      case ALL_EXTENSION_NUMBERS_OF_TYPE -> {
        String type = question.getAllExtensionNumbersOfType();
        if (files.with(type) == null) {
          notFound(answer);
        } else {
          answer.setAllExtensionNumbersResponse(
              ExtensionNumberResponse.newBuilder().setBaseTypeName(type));
        }
      }
      case MESSAGEREQUEST_NOT_SET -> error(answer, GrpcStatus.INVALID_ARGUMENT, "nothing is asked");
    }
    return answer.build();
  }

  private ListServiceResponse services() {
    ListServiceResponse.Builder list = ListServiceResponse.newBuilder();
    files.services().forEach(name -> list.addService(ServiceResponse.newBuilder().setName(name)));
    return list.build();
  }

  private static void file(ServerReflectionResponse.Builder answer, @Nullable ByteString file) {
    if (file == null) {
      notFound(answer);
    } else {
      answer.setFileDescriptorResponse(
          FileDescriptorResponse.newBuilder().addFileDescriptorProto(file));
    }
  }

  private static void notFound(ServerReflectionResponse.Builder answer) {
    error(answer, GrpcStatus.NOT_FOUND, "the gateway has no such thing; ask a service behind it");
  }

  private static void error(ServerReflectionResponse.Builder answer, GrpcStatus code, String text) {
    answer.setErrorResponse(
        ErrorResponse.newBuilder().setErrorCode(code.code).setErrorMessage(text));
  }
}
