package io.sluice.interop.grpc;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.sluice.interop.grpc.Raw.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One run of a case: a call, and what came of it. Everything but what is volatile is to be the same
 * directly and through a gateway.
 */
final class RawTalk {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ManagedChannel channel;
  private final Kind kind;
  private final ObjectNode line = JSON.createObjectNode();
  private final ObjectNode varying = JSON.createObjectNode();
  private final List<String> failed = new ArrayList<>();
  private String id;
  private RawCall call;
  private Map<String, List<String>> headers = Map.of();
  private Map<String, List<String>> trailers = Map.of();

  RawTalk(ManagedChannel channel, Kind kind, String id) {
    this.channel = channel;
    this.kind = kind;
    this.id = id;
  }

  /** Another call of the same run. */
  RawTalk of(Kind other) {
    return new RawTalk(channel, other, id + other);
  }

  Kind kind() {
    return kind;
  }

  /** What calls of different streams are known by. */
  String id() {
    return id;
  }

  /** For one more attempt. */
  void anotherId() {
    id += '+';
  }

  RawCall call() {
    return call;
  }

  void open(String plan, Metadata metadata) {
    open(plan, metadata, CallOptions.DEFAULT);
  }

  void open(String plan, Metadata metadata, CallOptions options) {
    if (!plan.isEmpty()) {
      metadata.put(Raw.PLAN, plan);
    }
    call =
        new RawCall(
            channel, Raw.method(Raw.SERVICE, kind.method(), kind.type()), options, metadata);
  }

  void openMethod(String service, String method) {
    call =
        new RawCall(
            channel, Raw.method(service, method, kind.type()), CallOptions.DEFAULT, new Metadata());
  }

  /** As many of them as the kind allows. */
  List<byte[]> requests(List<byte[]> many) {
    return kind.sendsMany() ? many : many.subList(0, 1);
  }

  void send(List<byte[]> requests, boolean halfClose) {
    requests.forEach(call::send);
    if (halfClose) {
      call.halfClose();
    }
  }

  /** Sends, waits for the end, and notes all that came back. */
  void exchange(List<byte[]> requests, boolean halfClose) {
    send(requests, halfClose);
    end(true);
    line.put("messages", call.messages());
    headers = Raw.printable(call.headers());
    trailers = Raw.printable(call.trailers());
    line.set("headers", JSON.valueToTree(headers));
    line.set("trailers", JSON.valueToTree(trailers));
    byte[] details = call.trailers().get(Raw.DETAILS);
    if (details != null) {
      line.put("details", HexFormat.of().formatHex(details));
    }
  }

  /** Waits for the end. The text of a status that the client made itself does not count. */
  void end(boolean textCounts) {
    Status end = call.end();
    status(end.getCode().name());
    (textCounts ? line : varying)
        .put("message", Objects.requireNonNullElse(end.getDescription(), ""));
  }

  void status(String status) {
    line.put("status", status);
  }

  void seen(String what) {
    line.put("seen", what);
  }

  void note(String key, long value) {
    varying.put(key, value);
  }

  /** Makes a call of the control service. */
  String control(String method) {
    RawCall control = controlCall(method);
    Status end = control.end();
    check(end.isOk(), method + ": " + end);
    return end.isOk() ? new String(control.next(), StandardCharsets.UTF_8) : "0 failed";
  }

  /** As {@link #control}, for a call that is to fail. */
  Status controlEnd(String method) {
    return controlCall(method).end();
  }

  private RawCall controlCall(String method) {
    RawCall control =
        new RawCall(
            channel,
            Raw.method(Raw.CONTROL, method, MethodType.UNARY),
            CallOptions.DEFAULT,
            new Metadata());
    control.send(id.getBytes(StandardCharsets.UTF_8));
    control.halfClose();
    return control;
  }

  /** What the server makes of the requests. */
  Raw.Sum expected(List<byte[]> requests, int replies) {
    Raw.Sum sum = new Raw.Sum();
    if (kind == Kind.CLIENT) {
      Raw.Sum all = new Raw.Sum();
      requests.forEach(all::add);
      sum.add(all.text().getBytes(StandardCharsets.UTF_8));
    } else if (kind == Kind.SERVER) {
      byte[] request = requests.get(0);
      for (int i = 0; i < replies; i++) {
        sum.add(ByteBuffer.allocate(4 + request.length).putInt(i).put(request).array());
      }
    } else {
      requests.forEach(sum::add);
    }
    return sum;
  }

  void check(boolean holds, String otherwise) {
    if (!holds) {
      failed.add(otherwise);
    }
  }

  private void expect(String what, String expected, String actual) {
    check(expected.equals(actual), what + " is " + actual + " instead of " + expected);
  }

  void expectStatus(String expected) {
    expect("status", expected, line.path("status").asText());
  }

  void expectMessages(Raw.Sum expected) {
    expect("messages", expected.text(), line.path("messages").asText());
  }

  void expectHeader(String name, String expected) {
    expect("header " + name, expected, String.join(",", headers.getOrDefault(name, List.of())));
  }

  void expectTrailer(String name, String expected) {
    expect("trailer " + name, expected, String.join(",", trailers.getOrDefault(name, List.of())));
  }

  void expectFailure() {
    expectStatus("FAILED_PRECONDITION");
    expect("message", Raw.FAIL_TEXT, line.path("message").asText());
    check(line.has("details"), "there are no details");
  }

  /** What is printed. */
  ObjectNode outcome(String name) {
    line.put("case", name);
    line.put("ok", failed.isEmpty());
    line.set("failed", JSON.valueToTree(failed));
    line.set("volatile", varying);
    return line;
  }
}
