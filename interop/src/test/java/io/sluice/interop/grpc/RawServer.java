package io.sluice.interop.grpc;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.sluice.interop.grpc.Raw.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;

/** Does what callers ask for in the metadata {@code plan}; each call has a thread. */
final class RawServer {
  /** Ends a call's requests. */
  private static final byte[] HALF_CLOSE = {};

  private static final byte[] DETAILS = details();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, Wait> waits = new ConcurrentHashMap<>();

  /** What calls of different streams tell each other by an id. */
  private static final class Wait {
    final CountDownLatch released = new CountDownLatch(1);

    /** The end of the waiting call: when, and whether it had a deadline. */
    final CompletableFuture<String> over = new CompletableFuture<>();
  }

  /** {@code google.rpc.Status} with code, message, and an {@code Any} without a value. */
  private static byte[] details() {
    byte[] text = Raw.FAIL_TEXT.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream status = new ByteArrayOutputStream();
    status.writeBytes(new byte[] {8, 9, 18, (byte) text.length});
    status.writeBytes(text);
    status.writeBytes(new byte[] {26, 3, 10, 1, 't'});
    return status.toByteArray();
  }

  /** Starts it on a free port of 127.0.0.1. */
  Server start() throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
        .addService(raw())
        .addService(control())
        .build()
        .start();
  }

  private Wait await(String id) {
    return waits.computeIfAbsent(id, key -> new Wait());
  }

  private ServerServiceDefinition raw() {
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(Raw.SERVICE);
    for (Kind kind : Kind.values()) {
      // Always as a stream: else grpc-java keeps the header back until there is a message.
      service.addMethod(
          Raw.method(Raw.SERVICE, kind.method(), MethodType.BIDI_STREAMING),
          (call, headers) -> new Call(kind, call, headers));
    }
    return service.build();
  }

  private ServerServiceDefinition control() {
    Map<String, Function<String, CompletableFuture<String>>> answers =
        Map.of(
            "Release",
            id -> {
              await(id).released.countDown();
              return CompletableFuture.completedFuture("");
            },
            "Seen",
            id -> await(id).over,
            "Die",
            id -> {
              Runtime.getRuntime().halt(3);
              return new CompletableFuture<>();
            });
    ServerServiceDefinition.Builder service = ServerServiceDefinition.builder(Raw.CONTROL);
    answers.forEach(
        (name, answer) ->
            service.addMethod(
                Raw.method(Raw.CONTROL, name, MethodType.UNARY),
                (call, headers) -> answered(call, answer)));
    return service.build();
  }

  private static ServerCall.Listener<byte[]> answered(
      ServerCall<byte[], byte[]> call, Function<String, CompletableFuture<String>> answer) {
    call.request(2);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] id) {
        answer
            .apply(new String(id, StandardCharsets.UTF_8))
            .thenAccept(
                text -> {
                  call.sendHeaders(new Metadata());
                  call.sendMessage(text.getBytes(StandardCharsets.UTF_8));
                  call.close(Status.OK, new Metadata());
                });
      }
    };
  }

  private static final class CancelledException extends Exception {}

  /** One call, whatever its kind. */
  private final class Call extends ServerCall.Listener<byte[]> {
    private final Kind kind;
    private final ServerCall<byte[], byte[]> call;
    private final Metadata headers;
    private final Map<String, String> plan;
    private final boolean deadline = Context.current().getDeadline() != null;
    private final BlockingQueue<byte[]> requests = new LinkedBlockingQueue<>();
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private boolean headersSent;
    private int reads;
    private boolean halfClosed;

    Call(Kind kind, ServerCall<byte[], byte[]> call, Metadata headers) {
      this.kind = kind;
      this.call = call;
      this.headers = headers;
      this.plan = Raw.plan(headers);
      if (headers.containsKey(Raw.ENCODING)) {
        call.setCompression(headers.get(Raw.ENCODING));
        call.setMessageCompression(true);
      }
      call.request(1);
      threads.execute(this::serve);
    }

    @Override
    public void onMessage(byte[] message) {
      requests.add(message);
    }

    @Override
    public void onHalfClose() {
      requests.add(HALF_CLOSE);
    }

    @Override
    public void onCancel() {
      cancelled.countDown();
      requests.add(HALF_CLOSE);
    }

    private void serve() {
      try {
        Status status = follow();
        Metadata trailers = Raw.renamed(headers, "x-", "t-");
        String encoding = headers.get(Raw.ENCODING);
        trailers.put(Raw.ascii("t-encoding"), encoding == null ? "none" : encoding);
        trailers.put(Raw.ascii("t-reads"), Integer.toString(reads));
        trailers.put(Raw.ascii("t-half-closed"), Boolean.toString(halfClosed));
        if (!status.isOk()) {
          trailers.put(Raw.DETAILS, DETAILS);
        } else if (!headersSent) {
          sendHeaders();
        }
        call.close(status, trailers);
      } catch (CancelledException e) {
        // There is nobody to answer.
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void sendHeaders() {
      headersSent = true;
      call.sendHeaders(Raw.renamed(headers, "x-", "x-"));
    }

    private void send(byte[] message) {
      if (!headersSent) {
        sendHeaders();
      }
      call.sendMessage(message);
    }

    /** The next message, {@link #HALF_CLOSE} after the caller's last. */
    private byte[] next() throws CancelledException, InterruptedException {
      byte[] message = requests.take();
      if (cancelled.getCount() == 0) {
        throw new CancelledException();
      }
      if (message == HALF_CLOSE) {
        halfClosed = true;
      } else {
        reads++;
        call.request(1);
      }
      return message;
    }

    private int number(String key, int otherwise) {
      return plan.containsKey(key) ? Integer.parseInt(plan.get(key)) : otherwise;
    }

    private Status follow() throws CancelledException, InterruptedException {
      if (plan.containsKey("hold")) {
        sendHeaders();
        await(plan.get("hold")).released.await();
      }
      if (plan.containsKey("wait")) {
        sendHeaders();
        cancelled.await();
        long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        await(plan.get("wait")).over.complete(micros + " " + deadline);
        throw new CancelledException();
      }
      Status failure = Status.FAILED_PRECONDITION.withDescription(Raw.FAIL_TEXT);
      int fail = number("fail", -1);
      int end = number("end", -1);
      if (fail == 0) {
        return failure;
      }
      int count =
          switch (kind) {
            case UNARY -> echoOne();
            case CLIENT -> gather(fail, end);
            case SERVER -> repeat(fail, end);
            case BIDI -> echo(fail, end);
          };
      return count == fail ? failure : Status.OK;
    }

    private int echoOne() throws CancelledException, InterruptedException {
      byte[] message = next();
      next();
      send(message);
      return 1;
    }

    private int gather(int fail, int end) throws CancelledException, InterruptedException {
      Raw.Sum sum = new Raw.Sum();
      for (byte[] message = next(); message != HALF_CLOSE; message = next()) {
        sum.add(message);
        if (reads == fail) {
          return reads;
        }
        if (reads == end) {
          break;
        }
      }
      send(sum.text().getBytes(StandardCharsets.UTF_8));
      return reads;
    }

    private int repeat(int fail, int end) throws CancelledException, InterruptedException {
      byte[] request = next();
      if (plan.containsKey("late")) {
        next();
      }
      int replies = number("replies", 1);
      int count = 0;
      while (count != replies && count != fail && count != end) {
        byte[] reply =
            Arrays.copyOf(ByteBuffer.allocate(4).putInt(count).array(), request.length + 4);
        System.arraycopy(request, 0, reply, 4, request.length);
        send(reply);
        count++;
      }
      return count;
    }

    private int echo(int fail, int end) throws CancelledException, InterruptedException {
      while (reads != fail && reads != end) {
        byte[] message = next();
        if (message == HALF_CLOSE) {
          for (int i = 0; i < number("late", 0); i++) {
            send(("late " + i).getBytes(StandardCharsets.UTF_8));
          }
          return reads;
        }
        send(message);
      }
      return reads;
    }
  }
}
