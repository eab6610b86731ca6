package io.sluice.gateway.testkit;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.RequestOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * gRPC at the level of HTTP/2: callers and downstreams of which a test decides every header and
 * every byte. On a loop that is not the gateway's.
 */
public final class RawGrpc implements AutoCloseable {
  private static final int CONNECTION_WINDOW = 1 << 24;

  private final Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
  private final HttpClient client =
      vertx.createHttpClient(
          new HttpClientOptions()
              .setProtocolVersion(HttpVersion.HTTP_2)
              // Else one stream that is paused takes all of the connection's.
              .setHttp2ConnectionWindowSize(CONNECTION_WINDOW)
              .setHttp2ClearTextUpgrade(false));

  /** What a caller was answered. */
  public record Answer(
      List<byte[]> messages, Map<String, String> headers, Map<String, String> trailers) {

    /** A header or trailer; of a response that is nothing but its end, they are headers. */
    public String end(String key) {
      return trailers.getOrDefault(key, headers.getOrDefault(key, ""));
    }

    public int status() {
      return Integer.parseInt(end("grpc-status"));
    }

    /** The messages as text. */
    public List<String> texts() {
      return messages.stream().map(m -> new String(m, StandardCharsets.UTF_8)).toList();
    }
  }

  /** A call that a downstream has got. */
  public record Got(HttpServerRequest request, List<byte[]> messages) {
    public String header(String key) {
      return String.valueOf(request.getHeader(key));
    }

    /** Answers messages and a status. */
    public void answer(Map<String, String> trailers, byte[]... answers) {
      if (!request.response().headWritten()) {
        request.response().putHeader("content-type", request.getHeader("content-type"));
      }
      for (byte[] message : answers) {
        request.response().write(framed(message));
      }
      trailers.forEach(request.response()::putTrailer);
      request.response().end();
    }

    /** Answers nothing but an end. */
    public void end(Map<String, String> headers) {
      request.response().putHeader("content-type", request.getHeader("content-type"));
      headers.forEach(request.response()::putHeader);
      request.response().end();
    }
  }

  /** Starts a downstream that is given each call when its request is whole. */
  public int serve(Consumer<Got> calls) {
    return serveRaw(
        request -> {
          Messages messages = new Messages();
          request.handler(messages::add);
          request.endHandler(end -> calls.accept(new Got(request, messages.whole)));
        });
  }

  /** Starts a downstream that is given each message as it comes, and null at the half close. */
  public int serveMessages(BiConsumer<HttpServerRequest, byte[]> each) {
    return serveMessages(request -> {}, each);
  }

  /**
   * The same.
   *
   * @param begin is given each call before its messages
   */
  public int serveMessages(
      Consumer<HttpServerRequest> begin, BiConsumer<HttpServerRequest, byte[]> each) {
    return serveRaw(
        request -> {
          begin.accept(request);
          Messages messages = new Messages();
          request.handler(
              bytes -> {
                int before = messages.whole.size();
                messages.add(bytes);
                messages.whole.stream().skip(before).forEach(m -> each.accept(request, m));
              });
          request.endHandler(end -> each.accept(request, null));
        });
  }

  /** Starts a downstream. */
  public int serveRaw(Consumer<HttpServerRequest> calls) {
    return TestGateway.get(
            vertx
                .createHttpServer(
                    new HttpServerOptions()
                        .setHost("127.0.0.1")
                        .setPort(0)
                        .setHttp2ConnectionWindowSize(CONNECTION_WINDOW))
                .requestHandler(calls::accept)
                .listen())
        .actualPort();
  }

  /** Begins a call; the headers that gRPC needs are there unless given. */
  public HttpClientRequest open(int port, String path, Map<String, String> headers) {
    RequestOptions options =
        new RequestOptions()
            .setMethod(HttpMethod.POST)
            .setHost("127.0.0.1")
            .setPort(port)
            .setURI(path)
            .putHeader("content-type", "application/grpc+thrift")
            .putHeader("te", "trailers");
    headers.forEach(options::putHeader);
    return TestGateway.get(client.request(options)).setChunked(true);
  }

  /** A whole call. */
  public Answer call(int port, String path, Map<String, String> headers, byte[]... messages) {
    Buffer body = Buffer.buffer();
    for (byte[] message : messages) {
      body.appendBuffer(framed(message));
    }
    return send(port, path, headers, body);
  }

  /** A call with a body as it is, whatever it has of messages. */
  public Answer send(int port, String path, Map<String, String> headers, Buffer body) {
    HttpClientRequest request = open(port, path, headers);
    Future<Answer> answer = listen(request, message -> {});
    request.end(body);
    return TestGateway.get(answer);
  }

  /**
   * All that comes back, when it has come; fails if the stream is reset before its end.
   *
   * @param each told of each message as it comes
   */
  public static Future<Answer> listen(HttpClientRequest request, Consumer<byte[]> each) {
    return request.response().compose(response -> gather(response, each));
  }

  /** The same, of a response that has begun. */
  public static Future<Answer> gather(HttpClientResponse response, Consumer<byte[]> each) {
    Messages messages = new Messages();
    Promise<Answer> answer = Promise.promise();
    response.handler(
        bytes -> {
          int before = messages.whole.size();
          messages.add(bytes);
          messages.whole.stream().skip(before).forEach(each);
        });
    response.exceptionHandler(answer::tryFail);
    response.endHandler(
        end ->
            answer.tryComplete(
                new Answer(messages.whole, map(response.headers()), map(response.trailers()))));
    return answer.future();
  }

  private static Map<String, String> map(MultiMap entries) {
    Map<String, String> map = new TreeMap<>();
    entries.forEach(e -> map.merge(e.getKey(), e.getValue(), (a, b) -> a + "|" + b));
    return map;
  }

  /** A message with its five bytes in front. */
  public static Buffer framed(byte[] message) {
    return framed(0, message);
  }

  public static Buffer framed(int flag, byte[] message) {
    return Buffer.buffer(message.length + 5)
        .appendByte((byte) flag)
        .appendInt(message.length)
        .appendBytes(message);
  }

  /** Cuts bytes into messages. */
  private static final class Messages {
    private final List<byte[]> whole = new ArrayList<>();
    private Buffer rest = Buffer.buffer();

    void add(Buffer bytes) {
      rest.appendBuffer(bytes);
      int at = 0;
      while (rest.length() - at >= 5 && rest.length() - at - 5 >= rest.getInt(at + 1)) {
        int end = at + 5 + rest.getInt(at + 1);
        whole.add(rest.getBytes(at + 5, end));
        at = end;
      }
      rest = at == 0 ? rest : rest.getBuffer(at, rest.length());
    }
  }

  @Override
  public void close() {
    TestGateway.get(vertx.close());
  }
}
