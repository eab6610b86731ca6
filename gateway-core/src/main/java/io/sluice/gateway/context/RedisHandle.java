package io.sluice.gateway.context;

import io.sluice.api.Redis;
import io.vertx.core.Future;
import org.jspecify.annotations.Nullable;

/**
 * A filter's way to Redis: to that of the configuration in force, whichever was in force when the
 * filter asked for it. Safe for all threads.
 */
final class RedisHandle implements Redis {
  private final User user;
  private final Loops loops;
  private final Worker worker;
  private volatile @Nullable RedisLink link;

  RedisHandle(User user, Loops loops, Worker worker, @Nullable RedisLink link) {
    this.user = user;
    this.loops = loops;
    this.worker = worker;
    this.link = link;
  }

  boolean isThere() {
    return link != null;
  }

  /** To another one; null if there is none any more. */
  void goTo(@Nullable RedisLink other) {
    link = other;
  }

  @Override
  public Future<@Nullable Object> send(String command, String... arguments) {
    RedisLink now = link;
    if (now == null) {
      return Future.failedFuture(
          new IllegalStateException("there is no Redis any more for " + user));
    }
    return now.send(new Answer<>(loops, worker), command, arguments);
  }
}
