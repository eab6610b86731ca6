package io.sluice.interop.grpc;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * {@code grpc.testing.TestService} of the interoperability suite, with the stubs of grpc-java:
 * {@code grpc/doc/interop-test-descriptions.md}, Server. Intervals between responses are not kept.
 */
public final class SuiteService implements AutoCloseable {
  static final String NAME = "grpc.testing.TestService";
  static final Metadata.Key<String> ECHO_INITIAL = Raw.ascii("x-grpc-test-echo-initial");
  static final Metadata.Key<byte[]> ECHO_TRAILING = Raw.binary("x-grpc-test-echo-trailing-bin");

  private final Server server;

  /** Starts it on a free port. */
  public SuiteService() {
    try {
      server =
          NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
              .maxInboundMessageSize(32 << 20)
              .addService(definition())
              .intercept(new Echo())
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", server.getPort());
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static ServerServiceDefinition definition() {
    return ServerServiceDefinition.builder(NAME)
        .addMethod(
            Raw.method(NAME, "EmptyCall", MethodType.UNARY),
            ServerCalls.asyncUnaryCall((request, answer) -> last(answer, new byte[0])))
        .addMethod(
            Raw.method(NAME, "UnaryCall", MethodType.UNARY),
            ServerCalls.asyncUnaryCall(SuiteService::unary))
        .addMethod(
            Raw.method(NAME, "StreamingOutputCall", MethodType.SERVER_STREAMING),
            ServerCalls.asyncServerStreamingCall(
                (request, answer) -> {
                  respond(request, answer);
                  answer.onCompleted();
                }))
        .addMethod(
            Raw.method(NAME, "StreamingInputCall", MethodType.CLIENT_STREAMING),
            ServerCalls.asyncClientStreamingCall(SuiteService::gather))
        .addMethod(
            Raw.method(NAME, "FullDuplexCall", MethodType.BIDI_STREAMING),
            ServerCalls.asyncBidiStreamingCall(
                answer -> new Requests(answer, SuiteService::respond)))
        .addMethod(
            Raw.method(NAME, "HalfDuplexCall", MethodType.BIDI_STREAMING),
            ServerCalls.asyncBidiStreamingCall(SuiteService::later))
        .build();
  }

  private static void last(StreamObserver<byte[]> answer, byte[] message) {
    answer.onNext(message);
    answer.onCompleted();
  }

  private static void unary(byte[] request, StreamObserver<byte[]> answer) {
    SuiteMessages asked = SuiteMessages.of(request);
    if (!asked.status().isOk()) {
      answer.onError(asked.status().asRuntimeException());
      return;
    }
    ((ServerCallStreamObserver<byte[]>) answer)
        .setCompression(asked.responseCompressed() ? "gzip" : "identity");
    SuiteMessages.Builder response = SuiteMessages.builder().firstPayload(asked.responseSize());
    if (asked.fillServerId()) {
      response.serverId("grpc-java");
    }
    last(answer, response.build());
  }

  /** Sends what a request of a stream asks for; false if it asks for the end. */
  private static boolean respond(byte[] request, StreamObserver<byte[]> answer) {
    SuiteMessages asked = SuiteMessages.of(request);
    if (!asked.status().isOk()) {
      answer.onError(asked.status().asRuntimeException());
      return false;
    }
    asked
        .responses()
        .forEach(size -> answer.onNext(SuiteMessages.builder().firstPayload(size).build()));
    return true;
  }

  private static StreamObserver<byte[]> gather(StreamObserver<byte[]> answer) {
    int[] sum = {0};
    return new Requests(
        answer,
        (request, to) -> {
          sum[0] += SuiteMessages.of(request).firstPayload();
          return true;
        },
        to -> last(to, SuiteMessages.builder().aggregated(sum[0]).build()));
  }

  private static StreamObserver<byte[]> later(StreamObserver<byte[]> answer) {
    List<byte[]> requests = new ArrayList<>();
    return new Requests(
        answer,
        (request, to) -> requests.add(request),
        to -> {
          requests.forEach(request -> respond(request, to));
          to.onCompleted();
        });
  }

  private interface Step {
    boolean take(byte[] request, StreamObserver<byte[]> answer);
  }

  /** The requests of a stream. */
  private static final class Requests implements StreamObserver<byte[]> {
    private final StreamObserver<byte[]> answer;
    private final Step each;
    private final Consumer<StreamObserver<byte[]>> end;
    private boolean over;

    Requests(StreamObserver<byte[]> answer, Step each) {
      this(answer, each, StreamObserver::onCompleted);
    }

    Requests(StreamObserver<byte[]> answer, Step each, Consumer<StreamObserver<byte[]>> end) {
      this.answer = answer;
      this.each = each;
      this.end = end;
    }

    @Override
    public void onNext(byte[] request) {
      over = over || !each.take(request, answer);
    }

    @Override
    public void onError(Throwable cause) {
      // Cancelled: there is nobody to answer.
    }

    @Override
    public void onCompleted() {
      if (!over) {
        end.accept(answer);
      }
    }
  }

  /** Sends back the two entries of metadata that the suite knows. */
  private static final class Echo implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata request, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new SimpleForwardingServerCall<Q, A>(call) {
            @Override
            public void sendHeaders(Metadata headers) {
              copy(ECHO_INITIAL, headers);
              super.sendHeaders(headers);
            }

            @Override
            public void close(Status status, Metadata trailers) {
              copy(ECHO_TRAILING, trailers);
              super.close(status, trailers);
            }

            private <T> void copy(Metadata.Key<T> key, Metadata to) {
              T value = request.get(key);
              if (value != null) {
                to.put(key, value);
              }
            }
          },
          request);
    }
  }
}
