package io.sluice.interop.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The client of gRPC's interoperability suite, with grpc-java: {@code
 * grpc/doc/interop-test-descriptions.md}, by the names and sizes there. A case throws when it
 * fails.
 */
public final class SuiteClient implements AutoCloseable {
  private static final int LARGE_REQUEST = 271_828;
  private static final int LARGE_RESPONSE = 314_159;
  private static final int[] REQUESTS = {27_182, 8, 1_828, 45_904};
  private static final int[] RESPONSES = {31_415, 9, 2_653, 58_979};
  private static final int SOAK_CALLS = 10;
  private static final String STATUS_TEXT = "test status message";
  private static final String SPECIAL_TEXT =
      "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \uD83D\uDE08\t\n";
  private static final String INITIAL = "test_initial_metadata_value";
  private static final byte[] TRAILING = {(byte) 0xab, (byte) 0xab, (byte) 0xab};

  private final InetSocketAddress address;
  private final ManagedChannel channel;

  public SuiteClient(InetSocketAddress address) {
    this.address = address;
    channel =
        NettyChannelBuilder.forAddress(address)
            .usePlaintext()
            .maxInboundMessageSize(32 << 20)
            .build();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  /** All cases by their names. */
  public static Map<String, Consumer<SuiteClient>> cases() {
    Map<String, Consumer<SuiteClient>> cases = new LinkedHashMap<>();
    cases.put("empty_unary", SuiteClient::emptyUnary);
    cases.put("large_unary", SuiteClient::largeUnary);
    cases.put("client_compressed_unary_noprobe", SuiteClient::clientCompressedUnary);
    cases.put("server_compressed_unary", SuiteClient::serverCompressedUnary);
    cases.put("client_streaming", client -> client.clientStreaming(false));
    cases.put("client_compressed_streaming_noprobe", client -> client.clientStreaming(true));
    cases.put("server_streaming", client -> client.serverStreaming(false));
    cases.put("server_compressed_streaming", client -> client.serverStreaming(true));
    cases.put("ping_pong", SuiteClient::pingPong);
    cases.put("empty_stream", SuiteClient::emptyStream);
    cases.put("custom_metadata", SuiteClient::customMetadata);
    cases.put("status_code_and_message", SuiteClient::statusCodeAndMessage);
    cases.put("special_status_message", SuiteClient::specialStatusMessage);
    cases.put("unimplemented_method", client -> client.unimplemented(SuiteService.NAME));
    cases.put(
        "unimplemented_service",
        client -> client.unimplemented("grpc.testing.UnimplementedService"));
    cases.put("cancel_after_begin", SuiteClient::cancelAfterBegin);
    cases.put("cancel_after_first_response", SuiteClient::cancelAfterFirstResponse);
    cases.put("timeout_on_sleeping_server", SuiteClient::timeoutOnSleepingServer);
    cases.put("very_large_request", SuiteClient::veryLargeRequest);
    cases.put("pick_first_unary", SuiteClient::pickFirstUnary);
    cases.put("rpc_soak", SuiteClient::rpcSoak);
    cases.put("channel_soak", SuiteClient::channelSoak);
    return cases;
  }

  private RawCall open(String method, MethodType type, CallOptions options, Metadata metadata) {
    return new RawCall(channel, Raw.method(SuiteService.NAME, method, type), options, metadata);
  }

  private RawCall open(String method, MethodType type) {
    return open(method, type, CallOptions.DEFAULT, new Metadata());
  }

  private RawCall duplex() {
    return open("FullDuplexCall", MethodType.BIDI_STREAMING);
  }

  private static void assertOk(RawCall call) {
    assertThat(call.end().isOk()).as("%s", call.end()).isTrue();
  }

  private static void assertEnd(RawCall call, Status.Code code, String text) {
    assertThat(call.end().getCode()).isEqualTo(code);
    assertThat(call.end().getDescription()).isEqualTo(text);
  }

  /** Sends the one request of a unary call and returns its answer. */
  private static SuiteMessages answer(RawCall call, SuiteMessages.Builder request) {
    call.send(request.build());
    call.halfClose();
    assertOk(call);
    assertThat(call.rest()).hasSize(1);
    return SuiteMessages.of(call.rest().get(0));
  }

  private static SuiteMessages.Builder large() {
    return SuiteMessages.builder().responseSize(LARGE_RESPONSE).requestPayload(LARGE_REQUEST);
  }

  private void emptyUnary() {
    RawCall call = open("EmptyCall", MethodType.UNARY);
    call.send(new byte[0]);
    call.halfClose();
    assertOk(call);
    assertThat(call.next()).isEmpty();
  }

  private void largeUnary() {
    SuiteMessages answer = answer(open("UnaryCall", MethodType.UNARY), large());
    assertThat(answer.firstPayload()).isEqualTo(LARGE_RESPONSE);
  }

  private void clientCompressedUnary() {
    for (boolean compressed : new boolean[] {true, false}) {
      CallOptions options = CallOptions.DEFAULT.withCompression("gzip");
      RawCall call = open("UnaryCall", MethodType.UNARY, options, new Metadata());
      call.compress(compressed);
      assertThat(answer(call, large()).firstPayload()).isEqualTo(LARGE_RESPONSE);
    }
  }

  private void serverCompressedUnary() {
    RawCall call = open("UnaryCall", MethodType.UNARY);
    assertThat(answer(call, large().responseCompressed()).firstPayload()).isEqualTo(LARGE_RESPONSE);
    largeUnary();
  }

  private void clientStreaming(boolean compressed) {
    CallOptions options =
        compressed ? CallOptions.DEFAULT.withCompression("gzip") : CallOptions.DEFAULT;
    RawCall call = open("StreamingInputCall", MethodType.CLIENT_STREAMING, options, new Metadata());
    int sum = 0;
    boolean odd = false;
    for (int size : REQUESTS) {
      odd = !odd;
      call.compress(odd);
      call.send(SuiteMessages.builder().firstPayload(size).build());
      sum += size;
    }
    call.halfClose();
    assertOk(call);
    assertThat(SuiteMessages.of(call.next()).aggregated()).isEqualTo(sum);
  }

  private void serverStreaming(boolean compressed) {
    SuiteMessages.Builder request = SuiteMessages.builder();
    for (int size : RESPONSES) {
      request.responseOf(size, compressed);
    }
    RawCall call = open("StreamingOutputCall", MethodType.SERVER_STREAMING);
    call.send(request.build());
    call.halfClose();
    assertOk(call);
    assertThat(sizes(call.rest())).containsExactly(RESPONSES);
  }

  private static int[] sizes(List<byte[]> responses) {
    return responses.stream().mapToInt(one -> SuiteMessages.of(one).firstPayload()).toArray();
  }

  private void pingPong() {
    RawCall call = duplex();
    for (int i = 0; i < REQUESTS.length; i++) {
      call.send(
          SuiteMessages.builder()
              .responseOf(RESPONSES[i], false)
              .requestPayload(REQUESTS[i])
              .build());
      assertThat(SuiteMessages.of(call.next()).firstPayload()).isEqualTo(RESPONSES[i]);
    }
    call.halfClose();
    assertOk(call);
    assertThat(call.rest()).isEmpty();
  }

  private void emptyStream() {
    RawCall call = duplex();
    call.halfClose();
    assertOk(call);
    assertThat(call.rest()).isEmpty();
  }

  private static Metadata echoed() {
    Metadata metadata = new Metadata();
    metadata.put(SuiteService.ECHO_INITIAL, INITIAL);
    metadata.put(SuiteService.ECHO_TRAILING, TRAILING);
    return metadata;
  }

  private void customMetadata() {
    RawCall unary = open("UnaryCall", MethodType.UNARY, CallOptions.DEFAULT, echoed());
    assertThat(answer(unary, large()).firstPayload()).isEqualTo(LARGE_RESPONSE);
    RawCall stream =
        open("FullDuplexCall", MethodType.BIDI_STREAMING, CallOptions.DEFAULT, echoed());
    stream.send(large().responseOf(LARGE_RESPONSE, false).build());
    stream.next();
    stream.halfClose();
    assertOk(stream);
    for (RawCall call : List.of(unary, stream)) {
      assertThat(call.headers().get(SuiteService.ECHO_INITIAL)).isEqualTo(INITIAL);
      assertThat(call.trailers().get(SuiteService.ECHO_TRAILING)).isEqualTo(TRAILING);
    }
  }

  private RawCall asksFor(RawCall call, int code, String text) {
    call.send(SuiteMessages.builder().status(code, text).build());
    call.halfClose();
    return call;
  }

  private void statusCodeAndMessage() {
    RawCall unary = open("UnaryCall", MethodType.UNARY);
    assertEnd(asksFor(unary, 2, STATUS_TEXT), Status.Code.UNKNOWN, STATUS_TEXT);
    assertEnd(asksFor(duplex(), 2, STATUS_TEXT), Status.Code.UNKNOWN, STATUS_TEXT);
  }

  private void specialStatusMessage() {
    RawCall unary = open("UnaryCall", MethodType.UNARY);
    assertEnd(asksFor(unary, 2, SPECIAL_TEXT), Status.Code.UNKNOWN, SPECIAL_TEXT);
  }

  private void unimplemented(String service) {
    RawCall call =
        new RawCall(
            channel,
            Raw.method(service, "UnimplementedCall", MethodType.UNARY),
            CallOptions.DEFAULT,
            new Metadata());
    call.send(new byte[0]);
    call.halfClose();
    assertThat(call.end().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  private void cancelAfterBegin() {
    RawCall call = open("StreamingInputCall", MethodType.CLIENT_STREAMING);
    call.cancel();
    assertThat(call.end().getCode()).isEqualTo(Status.Code.CANCELLED);
  }

  private void cancelAfterFirstResponse() {
    RawCall call = duplex();
    call.send(
        SuiteMessages.builder()
            .responseOf(RESPONSES[0], false)
            .requestPayload(REQUESTS[0])
            .build());
    assertThat(SuiteMessages.of(call.next()).firstPayload()).isEqualTo(RESPONSES[0]);
    call.cancel();
    assertThat(call.end().getCode()).isEqualTo(Status.Code.CANCELLED);
  }

  private void timeoutOnSleepingServer() {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.MILLISECONDS);
    RawCall call = open("FullDuplexCall", MethodType.BIDI_STREAMING, options, new Metadata());
    call.send(SuiteMessages.builder().requestPayload(REQUESTS[0]).build());
    assertThat(call.end().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
  }

  private void veryLargeRequest() {
    RawCall call = open("UnaryCall", MethodType.UNARY);
    SuiteMessages.Builder request =
        SuiteMessages.builder().responseSize(10).requestPayload(10 * 1024 * 1024);
    assertThat(answer(call, request).firstPayload()).isEqualTo(10);
  }

  private void pickFirstUnary() {
    for (int i = 0; i < 20; i++) {
      SuiteMessages.Builder request =
          SuiteMessages.builder().responseSize(1).requestPayload(1).fillServerId();
      assertThat(answer(open("UnaryCall", MethodType.UNARY), request).serverId())
          .as("server id")
          .isNotEmpty();
    }
  }

  private void rpcSoak() {
    for (int i = 0; i < SOAK_CALLS; i++) {
      largeUnary();
    }
  }

  private void channelSoak() {
    for (int i = 0; i < SOAK_CALLS; i++) {
      try (SuiteClient fresh = new SuiteClient(address)) {
        fresh.largeUnary();
      }
    }
  }
}
