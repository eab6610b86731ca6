package io.sluice.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.sluice.api.Protocol;
import io.sluice.api.Status;
import io.sluice.gateway.call.BegunCall;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.ResponseSink;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.call.Weight;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** One call as the service has it that answers it. Used on the call's loop only. */
final class ServiceSide implements BegunCall {

  /**
   * What the service does.
   *
   * @param message when one has come
   * @param end when the caller has said all
   */
  record Manner(BiConsumer<ServiceSide, byte[]> message, Consumer<ServiceSide> end) {}

  private final EventLoop loop;
  private final RpcCall call;
  private final ResponseSink response;
  private final Manner manner;
  private final List<byte[]> heard;
  private final MessageCutter cutter;

  /** The reply of a ping-pong call, which goes with its end; or what is to be said later. */
  private final List<byte[]> kept = new ArrayList<>();

  private boolean headSaid;
  private boolean over;

  /**
   * @param heard where the messages are noted that come
   */
  ServiceSide(
      EventLoop loop, RpcCall call, ResponseSink response, Manner manner, List<byte[]> heard) {
    this.loop = loop;
    this.call = call;
    this.response = response;
    this.manner = manner;
    this.heard = heard;
    this.cutter = new MessageCutter(call.protocol());
  }

  @Override
  public void requestData(ByteBuf part, boolean endOfMessage) {
    if (over) {
      part.release();
      return;
    }
    int weight = Weight.of(part, endOfMessage);
    List<byte[]> messages = cutter.add(part, endOfMessage);
    response.requestTaken(weight);
    for (byte[] message : messages) {
      if (!over) {
        heard.add(message);
        manner.message().accept(this, message);
      }
    }
  }

  @Override
  public void requestEnd() {
    if (!over) {
      manner.end().accept(this);
    }
  }

  @Override
  public void requestCancel(Status why) {
    finish();
  }

  @Override
  public void responseTaken(int bytes) {
    // It says no more than it has heard.
  }

  // What the service says.

  RpcCall call() {
    return call;
  }

  /** Keeps a message for {@link #sayKept}. */
  void keep(byte[] message) {
    kept.add(message);
  }

  ServiceSide sayKept() {
    List<byte[]> messages = List.copyOf(kept);
    kept.clear();
    messages.forEach(this::say);
    return this;
  }

  /** Says a message; that of a ping-pong call is said with the end. */
  void say(byte[] message) {
    if (over) {
      return;
    }
    if (call.protocol().isPingPong()) {
      kept.add(message);
      return;
    }
    sayHead();
    response.responseData(cutter.part(message), cutter.endsMessage());
  }

  private void sayHead() {
    if (headSaid) {
      return;
    }
    headSaid = true;
    Headers headers = new Headers(call.headers().dialect());
    if (call.protocol() == Protocol.GRPC) {
      headers.add("content-type", Request.contentType(call.codec()));
    }
    call.responseHeaders(headers, null);
    response.responseHead();
  }

  @Override
  public void end(Status status) {
    if (over) {
      return;
    }
    if (status.isOk() && call.protocol().isPingPong()) {
      byte[] reply = kept.isEmpty() ? Texts.empty(call.codec()) : kept.get(0);
      call.response().codec = call.codec();
      call.response().replacedBy(reply.length);
      sayHead();
      response.responseData(cutter.part(reply), true);
    } else if (status.isOk()) {
      sayHead();
    }
    if (!over) {
      finish();
      response.responseEnd(CallEnd.of(call, status));
    }
  }

  /** Does something after a while, unless the call is over by then. */
  void later(Duration delay, Runnable run) {
    loop.schedule(
        () -> {
          if (!over) {
            run.run();
          }
        },
        delay.toNanos(),
        TimeUnit.NANOSECONDS);
  }

  private void finish() {
    over = true;
    cutter.release();
  }
}
