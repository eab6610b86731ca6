package io.sluice.gateway.context;

import io.vertx.core.Future;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of one user, for what blocks. They are made when there is something to do, end when
 * there is nothing for a while, and are nobody else's: what its code leaves behind in a thread goes
 * with it.
 */
final class Worker {
  static final int THREADS = 20;
  static final int WAITING = 1000;

  /** So long may one piece of work wait and run. */
  static final long TIMEOUT_SECONDS = 60;

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final long IDLE_SECONDS = 10;
  private static final long CLOSE_MILLIS = 1000;

  private final User user;
  private final Loops loops;
  private final ScheduledExecutorService clock;
  private final ThreadPoolExecutor threads;
  private final AtomicInteger made = new AtomicInteger();

  /**
   * @param user whose threads they are
   * @param clock says when time is over; does no work
   */
  Worker(User user, Loops loops, ScheduledExecutorService clock) {
    this.user = user;
    this.loops = loops;
    this.clock = clock;
    this.threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING),
            this::thread);
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * A thread remembers whose code was on the stack when it was made, up to JDK 23; that may have
   * been another plugin's, which would then be held by it.
   */
  @SuppressWarnings("removal")
  private Thread thread(Runnable work) {
    return AccessController.doPrivileged(
        (PrivilegedAction<Thread>)
            () -> {
              String name = user.threads() + "-" + made.incrementAndGet();
              Thread thread = new Thread(null, work, name, 0, false);
              thread.setDaemon(true);
              thread.setContextClassLoader(user.code());
              return thread;
            });
  }

  /** Does a piece of work, and tells its result to whoever asks. */
  <T> Future<T> ask(Callable<T> work) {
    Job<T> job = new Job<>(work, new Answer<>(loops));
    job.timeout = clock.schedule(job::overdue, TIMEOUT_SECONDS, TimeUnit.SECONDS);
    try {
      threads.execute(job);
    } catch (RejectedExecutionException e) {
      job.refuse(
          new RejectedExecutionException(WAITING + " pieces of work of " + user + " wait already"));
    }
    return job.answer.future();
  }

  /**
   * Does a piece of work that throws nothing.
   *
   * @return false if too many wait already
   */
  boolean offer(Runnable work) {
    try {
      threads.execute(work);
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /**
   * Ends all that waits and interrupts all that runs. What does not heed that is named in the log;
   * its threads are daemons, and the plugin's class loader stays until they end.
   */
  void close() {
    for (Runnable waiting : threads.shutdownNow()) {
      if (waiting instanceof Job<?> job) {
        job.refuse(user.stopped());
      }
    }
    boolean ended = false;
    try {
      ended = threads.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      LOG.atWarn()
          .setMessage("{} is stopped, but {} of its worker threads go on")
          .addArgument(user)
          .addArgument(threads.getActiveCount())
          .log();
    }
  }

  /** A piece of work, whose time may be over while it waits or runs. */
  private static final class Job<T> extends FutureTask<T> {
    private final Answer<T> answer;
    private volatile @Nullable ScheduledFuture<?> timeout;

    Job(Callable<T> work, Answer<T> answer) {
      super(work);
      this.answer = answer;
    }

    void overdue() {
      answer.fail(new TimeoutException("not done within " + TIMEOUT_SECONDS + " s"));
      cancel(true);
    }

    void refuse(RuntimeException why) {
      answer.fail(why);
      cancel(false);
    }

    @Override
    protected void done() {
      ScheduledFuture<?> set = timeout;
      if (set != null) {
        set.cancel(false);
      }
      if (isCancelled()) {
        return; // why has been told
      }
      try {
        answer.succeed(get());
      } catch (ExecutionException e) {
        answer.fail(e.getCause());
      } catch (InterruptedException e) {
        throw new IllegalStateException(e); // it is done, so there is no waiting
      }
    }
  }
}
