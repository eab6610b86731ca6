package io.sluice.gateway.context;

import io.sluice.api.Redis.ErrorReply;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.RedisConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The connections to the Redis of one configuration; nothing is connected before the first command.
 * While it cannot be reached, one attempt a second is made, and all else fails at once. Safe for
 * all threads.
 */
final class RedisLink {
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** A connection that says nothing for so long is closed, whether it is idle or hangs. */
  private static final int IDLE_SECONDS = 30;

  /** More are not kept; there are some 400. */
  private static final int MAX_COMMANDS = 1000;

  /** They change the connection for those who have it next, or keep it. */
  private static final Set<String> NOT_SHARED =
      Set.of(
          "ASKING",
          "AUTH",
          "BLMOVE",
          "BLMPOP",
          "BLPOP",
          "BRPOP",
          "BRPOPLPUSH",
          "BZMPOP",
          "BZPOPMAX",
          "BZPOPMIN",
          "CLIENT",
          "DISCARD",
          "EXEC",
          "HELLO",
          "MONITOR",
          "MULTI",
          "PSUBSCRIBE",
          "PSYNC",
          "PUNSUBSCRIBE",
          "QUIT",
          "READONLY",
          "READWRITE",
          "REPLICAOF",
          "RESET",
          "SELECT",
          "SHUTDOWN",
          "SLAVEOF",
          "SSUBSCRIBE",
          "SUBSCRIBE",
          "SUNSUBSCRIBE",
          "SYNC",
          "UNSUBSCRIBE",
          "UNWATCH",
          "WAIT",
          "WAITAOF",
          "WATCH");

  /** They wait on the connection if they are told to. */
  private static final Set<String> MAY_BLOCK = Set.of("XREAD", "XREADGROUP");

  private final RedisConfig config;
  private final ScheduledExecutorService clock;
  private final Redis client;
  private final Map<String, Command> commands = new ConcurrentHashMap<>();

  /** Why it could not be reached, null while it can. */
  private volatile @Nullable Outage outage;

  /**
   * @param until by {@link System#nanoTime()}
   */
  private record Outage(String why, long until) {
    static Outage of(String why) {
      return new Outage(why, System.nanoTime() + RETRY_NANOS);
    }
  }

  RedisLink(Vertx vertx, ScheduledExecutorService clock, RedisConfig config) {
    this.config = config;
    this.clock = clock;
    this.client = Redis.createClient(vertx, options(config));
  }

  private static RedisOptions options(RedisConfig config) {
    RedisOptions options =
        new RedisOptions()
            .setType(config.cluster() ? RedisClientType.CLUSTER : RedisClientType.STANDALONE)
            .setNetClientOptions(
                new NetClientOptions()
                    .setTcpNoDelay(true)
                    .setTcpKeepAlive(true)
                    .setIdleTimeoutUnit(TimeUnit.SECONDS)
                    .setIdleTimeout(IDLE_SECONDS)
                    .setConnectTimeout((int) config.connectTimeout().toMillis()))
            .setMaxPoolSize(config.maxConnections())
            .setMaxPoolWaiting(config.maxWaiting())
            .setPoolName("redis")
            // Answers of the older protocol have fewer types, which all servers tell alike.
            .setProtocolNegotiation(false);
    for (Address endpoint : config.endpoints()) {
      options.addConnectionString("redis://" + endpoint + "/" + config.database());
    }
    if (config.password() != null) {
      options.setPassword(config.password().value());
    }
    if (config.user() != null) {
      options.setUser(config.user());
    }
    return options;
  }

  RedisConfig config() {
    return config;
  }

  /**
   * See {@link io.sluice.api.Redis#send}.
   *
   * @param answer to whoever asks
   */
  Future<@Nullable Object> send(
      Answer<@Nullable Object> answer, String command, String... arguments) {
    Request request = Request.cmd(command(command, arguments));
    for (String argument : arguments) {
      request.arg(argument);
    }
    Outage out = outage;
    if (out != null) {
      if (out.until - System.nanoTime() > 0) {
        return Future.failedFuture(unreachable(out.why, null));
      }
      outage = Outage.of(out.why); // for the others, while this one tries
    }
    ScheduledFuture<?> timeout =
        clock.schedule(
            () -> answer.fail(overdue()), config.commandTimeout().toNanos(), TimeUnit.NANOSECONDS);
    client
        .send(request)
        .onComplete(
            reply -> {
              timeout.cancel(false);
              if (reply.succeeded()) {
                outage = null;
                answer.succeed(plain(reply.result()));
              } else {
                answer.fail(failure(reply.cause()));
              }
            });
    return answer.future();
  }

  private Command command(String name, String... arguments) {
    Command known = commands.get(name);
    if (known != null) {
      return known;
    }
    String upper = name.toUpperCase(Locale.ROOT);
    if (NOT_SHARED.contains(upper)) {
      throw notShared(upper);
    }
    if (MAY_BLOCK.contains(upper)) {
      if (Arrays.stream(arguments).anyMatch("BLOCK"::equalsIgnoreCase)) {
        throw notShared(upper + " with BLOCK");
      }
      return Command.create(upper); // not kept: each is to be looked at
    }
    Command command = Command.create(upper);
    if (commands.size() < MAX_COMMANDS) {
      commands.put(name, command);
    }
    return command;
  }

  private static IllegalArgumentException notShared(String command) {
    return new IllegalArgumentException(
        command + " is not for connections that are shared; a script does much at once");
  }

  private IOException overdue() {
    return new IOException(
        where() + " has not answered within " + config.commandTimeout().toMillis() + " ms");
  }

  private Throwable failure(Throwable cause) {
    String message = String.valueOf(cause.getMessage());
    if (cause instanceof Response && !message.startsWith("CONNECTION_CLOSED")) {
      return new ErrorReply(message);
    }
    if (cause instanceof ConnectionPoolTooBusyException) {
      return new IOException(
          where() + " has " + config.maxWaiting() + " commands waiting (maxWaiting)");
    }
    outage = Outage.of(message);
    return unreachable(message, cause);
  }

  private IOException unreachable(String why, @Nullable Throwable cause) {
    return new IOException(where() + " cannot be reached: " + why, cause);
  }

  private String where() {
    return "Redis at "
        + config.endpoints().stream().map(Address::toString).collect(Collectors.joining(", "));
  }

  private static @Nullable Object plain(@Nullable Response reply) {
    if (reply == null) {
      return null;
    }
    return switch (reply.type()) {
      case NUMBER -> reply.toLong();
      case MULTI -> {
        List<@Nullable Object> items = new ArrayList<>(reply.size());
        for (int i = 0; i < reply.size(); i++) {
          items.add(plain(reply.get(i)));
        }
        yield items;
      }
      default -> reply.toString();
    };
  }

  void close() {
    client.close();
  }
}
