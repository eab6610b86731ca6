package io.sluice.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.sluice.api.Metadata;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.Aside;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RequestSink;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import io.sluice.gateway.wire.grpc.GrpcStatus;
import io.sluice.gateway.wire.thrift.ThriftException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One call as its caller has it: says the request on the call's loop, and keeps what comes back for
 * the thread that tests.
 */
final class CallerSide implements ResponseSink {
  private static final int PATIENCE_SECONDS = 20;

  /** Where a call begins: a gateway's filters, or the connection to one. */
  @FunctionalInterface
  interface Way {
    /** Begins it, on the loop; the answer may come before this returns. */
    RequestSink begin(RpcCall call, ResponseSink response);
  }

  private final EventLoop loop;
  private final RpcCall call;
  private final boolean wire;
  private final MessageCutter cutter;

  /** Messages, and nothing for the end. */
  private final BlockingQueue<Optional<byte[]>> came = new LinkedBlockingQueue<>();

  private final CompletableFuture<Reply> end = new CompletableFuture<>();

  // Used on the loop only.
  private @Nullable RequestSink request;
  private boolean over;
  private int untold;

  /**
   * @param wire whether a protocol has put the end into its own words already
   */
  CallerSide(EventLoop loop, RpcCall call, boolean wire) {
    this.loop = loop;
    this.call = call;
    this.wire = wire;
    this.cutter = new MessageCutter(call.protocol());
  }

  // The request.

  /**
   * Begins the call, says these messages, and with {@code whole} that they are all. A ping-pong
   * call needs one, and all at once.
   */
  void begin(Way way, List<byte[]> messages, boolean whole) {
    onLoop(
        () -> {
          if (call.protocol().isPingPong()) {
            call.request().replacedBy(messages.get(0).length);
          }
          RequestSink begun = way.begin(call, this);
          if (over) {
            return;
          }
          request = begun;
          if (untold > 0) {
            begun.responseTaken(untold);
          }
          messages.forEach(this::say);
          if (whole) {
            sayEnd();
          }
        });
  }

  void send(byte[] message) {
    onLoop(() -> say(message));
  }

  void halfClose() {
    onLoop(this::sayEnd);
  }

  /** Gives the call up, if it is not over. */
  void cancel() {
    onLoop(
        () -> {
          RequestSink open = request;
          if (open != null) {
            Status why = Status.cancelled("the caller has given up");
            open.requestCancel(why);
            responseEnd(CallEnd.byCancel(call, why));
          }
        });
  }

  private void say(byte[] message) {
    if (request != null) {
      request.requestData(cutter.part(message), cutter.endsMessage());
    }
  }

  private void sayEnd() {
    if (request != null) {
      request.requestEnd();
    }
  }

  private void onLoop(Runnable run) {
    loop.execute(
        () -> {
          try {
            run.run();
          } catch (Throwable e) {
            end.completeExceptionally(e);
            came.add(Optional.empty());
          }
        });
  }

  // The response.

  @Override
  public void responseHead() {
    // Looked at with the end.
  }

  @Override
  public void responseData(ByteBuf part, boolean endOfMessage) {
    int weight = Weight.of(part, endOfMessage);
    cutter.add(part, endOfMessage).forEach(message -> came.add(Optional.of(message)));
    took(weight);
  }

  @Override
  public void responseAside(Aside aside) {
    int size = aside.size();
    aside.payload().release();
    took(size);
  }

  private void took(int bytes) {
    if (request != null) {
      request.responseTaken(bytes);
    } else {
      untold += bytes;
    }
  }

  @Override
  public void responseEnd(CallEnd how) {
    over = true;
    request = null;
    cutter.release();
    end.complete(
        new Reply(
            call.codec(),
            List.of(),
            told(how.status()),
            how.bizStatus(),
            map(call.responseMetadata()),
            map(how.trailers())));
    came.add(Optional.empty());
  }

  @Override
  public void requestTaken(int bytes) {
    // A test says little, and waits for nothing.
  }

  /** In the words of the protocol. */
  private Status told(Status status) {
    if (wire || status.isOk() || status.code() == Status.Code.CANCELLED) {
      return status;
    }
    return call.protocol() == Protocol.GRPC
        ? Status.grpc(GrpcStatus.number(status, false), status.text())
        : Status.exception(ThriftException.type(status), status.text());
  }

  private static Map<String, String> map(Metadata metadata) {
    Map<String, String> map = new LinkedHashMap<>();
    metadata.forEach(map::put);
    return map;
  }

  // What the test sees.

  /**
   * Waits for the next message.
   *
   * @throws AssertionError if the call ends, or nothing comes
   */
  byte[] next() {
    Optional<byte[]> next = poll();
    if (next.isEmpty()) {
      came.add(next);
      throw new AssertionError("the call has ended: " + ended().status());
    }
    return next.get();
  }

  /**
   * Waits for the end.
   *
   * @return with the messages that {@link #next} has not given
   * @throws AssertionError if it does not come
   */
  Reply reply() {
    List<byte[]> messages = new ArrayList<>();
    Optional<byte[]> next = poll();
    for (; next.isPresent(); next = poll()) {
      messages.add(next.get());
    }
    came.add(next);
    Reply reply = ended();
    if (call.protocol().isPingPong() && !reply.isOk()) {
      messages.clear();
    }
    return new Reply(
        reply.codec(),
        messages,
        reply.status(),
        reply.bizStatus(),
        reply.metadata(),
        reply.trailers());
  }

  private Optional<byte[]> poll() {
    try {
      Optional<byte[]> next = came.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nothing came for " + PATIENCE_SECONDS + " s: " + call);
      }
      return next;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private Reply ended() {
    try {
      return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("the call failed: " + call, e);
    }
  }
}
