package io.sluice.testkit;

import io.sluice.api.Factory;
import io.sluice.api.Filter;
import io.sluice.api.Protocol;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A gateway with the filters that are tested, and a service behind it. The same tests run in
 * memory, which takes milliseconds, and through sockets.
 *
 * <pre>{@code
 * try (TestGateway gateway =
 *     TestGateway.of(new RefuseFactory()).use("{use: refuse, with: {callers: [mallory]}}").inMemory()) {
 *   Reply reply = gateway.call(Request.by(Protocol.GRPC).from("mallory").text("hello"));
 *   assertEquals("request forbidden: not you", reply.status().text());
 *   assertEquals(List.of(), gateway.service().got());
 * }
 * }</pre>
 *
 * <p>In memory, calls pass the gateway's own filter chain, with its hooks, its waiting and its
 * failures, but no bytes are written: there are no limits of a listener, and no call is put into
 * another protocol. Through sockets it is a whole gateway, between a caller and a service that
 * speak the protocols of the wire.
 *
 * <p>To be used by one thread.
 */
public abstract class TestGateway implements AutoCloseable {
  private final FakeService service;

  TestGateway(FakeService service) {
    this.service = service;
  }

  /**
   * Begins to describe one.
   *
   * @param factories those of filters that may be used; others with {@link Builder#config} and
   *     through sockets
   */
  public static Builder of(Factory<?, ?>... factories) {
    return new Builder(List.of(factories));
  }

  /**
   * Makes a call, with all messages of the request at once, and waits for its end, for 20 s at
   * most.
   *
   * @throws AssertionError if it does not end
   * @throws IllegalArgumentException if the request cannot be: a ping-pong call has one message
   */
  public Reply call(Request request) {
    List<byte[]> messages = new ArrayList<>(request.messages());
    if (request.protocol().isPingPong()) {
      if (messages.isEmpty()) {
        messages.add(Texts.empty(request.codec()));
      } else if (messages.size() > 1) {
        throw new IllegalArgumentException(request + " has one message, not " + messages.size());
      }
    }
    return begin(request, messages, true).reply();
  }

  /**
   * Opens a stream; messages that the request has are its first.
   *
   * @throws IllegalArgumentException if the protocol has no streams
   */
  public CallStream open(Request request) {
    Protocol protocol = request.protocol();
    if (protocol.isPingPong()) {
      throw new IllegalArgumentException(protocol.label() + " has no streams: use call()");
    }
    return new CallStream(begin(request, request.messages(), false), request.codec());
  }

  abstract CallerSide begin(Request request, List<byte[]> messages, boolean whole);

  /** The service behind it. */
  public FakeService service() {
    return service;
  }

  /**
   * The port of 127.0.0.1 for calls: of the listener {@code rpc}.
   *
   * @throws IllegalStateException if it is in memory
   */
  public abstract int port();

  /** Ends what is open through sockets, stops the filters and closes the service. */
  @Override
  public abstract void close();

  /** Describes a gateway, and makes it. */
  public static final class Builder {
    private final List<Factory<?, ?>> factories;
    private final List<String> uses = new ArrayList<>();
    private final List<Path> jars = new ArrayList<>();
    private FakeService service = FakeService.echoing();
    private @Nullable String config;

    private Builder(List<Factory<?, ?>> factories) {
      this.factories = new ArrayList<>(factories);
    }

    /**
     * Uses a filter for all calls, behind those that are used already.
     *
     * @param use as the configuration says it, as one line of YAML: {@code {use: refuse, with:
     *     {callers: [mallory]}}}
     */
    public Builder use(String use) {
      uses.add(use);
      return this;
    }

    /**
     * Uses a filter as it is, behind those that are used already.
     *
     * @param name what logs and errors call it: lower case, words joined by {@code -}
     */
    public Builder use(String name, Filter filter) {
      factories.add(new GivenFilter(name, filter));
      return use("{use: " + name + "}");
    }

    /** Loads a plugin, whose filters may be used then; not in memory. */
    public Builder plugin(Path jar) {
      jars.add(jar);
      return this;
    }

    /**
     * Puts this service behind it in place of an echoing one; it is closed with the gateway, also
     * if that cannot start.
     */
    public Builder to(FakeService service) {
      this.service = service;
      return this;
    }

    /**
     * Gives a whole configuration, in place of one by which each call goes to the service as it
     * came. It has a listener {@code rpc}; where the service listens, {@link FakeService#port()}
     * tells. In memory every call goes to the service, whatever its cluster says.
     *
     * @param yaml says {@code filters} itself
     * @throws IllegalStateException if {@link #use} was called
     */
    public Builder config(String yaml) {
      if (!uses.isEmpty()) {
        throw new IllegalStateException("a whole configuration says 'filters' itself");
      }
      config = yaml;
      return this;
    }

    /**
     * Makes it, without a socket.
     *
     * @throws IllegalArgumentException if the configuration has a fault; the message says each with
     *     its place
     * @throws IllegalStateException if a plugin is to be loaded
     * @throws AssertionError if a filter cannot start
     */
    public TestGateway inMemory() {
      if (!jars.isEmpty()) {
        throw new IllegalStateException("plugins are loaded by start()");
      }
      return made(
          () ->
              MemoryGateway.start(
                  config == null ? Configs.passing(1, uses) : config, factories, service));
    }

    /**
     * Starts it, on a free port.
     *
     * @throws IllegalArgumentException if the configuration has a fault; the message says each with
     *     its place
     * @throws AssertionError if a plugin is refused, or a filter cannot start
     */
    public TestGateway start() {
      return made(
          () ->
              SocketGateway.start(
                  config == null ? Configs.passing(service.port(), uses) : config,
                  factories,
                  jars,
                  service));
    }

    private TestGateway made(Supplier<TestGateway> make) {
      try {
        return make.get();
      } catch (RuntimeException | AssertionError e) {
        service.close();
        throw e;
      }
    }
  }
}
