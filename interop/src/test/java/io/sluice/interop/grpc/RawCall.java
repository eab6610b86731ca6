package io.sluice.interop.grpc;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A call as a client sees it; what comes back is read all the time. */
final class RawCall extends ClientCall.Listener<byte[]> {
  private static final int LIMIT_SECONDS = 60;

  private final ClientCall<byte[], byte[]> call;
  private final CompletableFuture<Metadata> headers = new CompletableFuture<>();
  private final CompletableFuture<Status> end = new CompletableFuture<>();
  private final Raw.Sum messages = new Raw.Sum();
  private final BlockingQueue<byte[]> arrived = new LinkedBlockingQueue<>();
  private volatile Metadata trailers = new Metadata();

  RawCall(
      ManagedChannel channel,
      MethodDescriptor<byte[], byte[]> method,
      CallOptions options,
      Metadata headers) {
    call = channel.newCall(method, options);
    call.start(this, headers);
    call.request(1);
  }

  @Override
  public void onHeaders(Metadata metadata) {
    headers.complete(metadata);
  }

  @Override
  public void onMessage(byte[] message) {
    messages.add(message);
    arrived.add(message);
    call.request(1);
  }

  @Override
  public void onClose(Status status, Metadata metadata) {
    trailers = metadata;
    headers.complete(new Metadata());
    end.complete(status);
  }

  void send(byte[] message) {
    call.sendMessage(message);
  }

  /** Whether the messages from here on are compressed, where the call has a compression. */
  void compress(boolean compressed) {
    call.setMessageCompression(compressed);
  }

  void halfClose() {
    call.halfClose();
  }

  void cancel() {
    call.cancel("the case cancels", null);
  }

  /** Waits for the header; empty if the call has ended without one. */
  Metadata headers() {
    return await(headers);
  }

  /** Waits for the header, and tells whether there was one. */
  boolean begun() {
    return !headers().keys().isEmpty();
  }

  /** Waits for the end of the call. */
  Status end() {
    return await(end);
  }

  /** After the end. */
  Metadata trailers() {
    return trailers;
  }

  /** All that came, to be asked once after the end. */
  String messages() {
    return messages.text();
  }

  /** Waits for the next message that was not asked for yet. */
  byte[] next() {
    try {
      byte[] message = arrived.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (message == null) {
        throw new IllegalStateException("no message came in " + LIMIT_SECONDS + " s");
      }
      return message;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** The messages that nobody has asked for. */
  List<byte[]> rest() {
    return List.copyOf(arrived);
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("nothing came in " + LIMIT_SECONDS + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
