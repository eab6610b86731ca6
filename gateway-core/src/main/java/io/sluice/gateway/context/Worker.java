package io.sluice.gateway.context;

import io.vertx.core.Future;
import java.security.AccessController;
import java.security.PrivilegedAction;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.LinkedTransferQueue;
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
 * The threads of one user, for what blocks. They are made when there is something to do and none of
 * them is free, end when there is nothing for a while, and are nobody else's: what its code leaves
 * behind in a thread goes with it.
 */
final class Worker {
  static final int THREADS = 20;
  static final int WAITING = 1000;

  /** So long may one piece of work wait and run. */
  static final long TIMEOUT_SECONDS = 60;

  private static final Logger LOG = LoggerFactory.getLogger(Worker.class);
  private static final int ANSWERS = 10_000;
  private static final long IDLE_SECONDS = 10;
  private static final long CLOSE_MILLIS = 1000;

  private final User user;
  private final Loops loops;
  private final ScheduledExecutorService clock;
  private final HandOver waiting = new HandOver();
  private final ThreadPoolExecutor threads;

  /** One thread more, to tell answers on, for which all others may be waiting. */
  private final ThreadPoolExecutor answers;

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
            1, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, waiting, this::thread, this::queue);
    threads.allowCoreThreadTimeOut(true);
    this.answers =
        new ThreadPoolExecutor(
            1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(ANSWERS), this::thread);
    answers.allowCoreThreadTimeOut(true);
  }

  /** Takes work only if a thread waits for it, so that one is made before work has to wait. */
  private static final class HandOver extends LinkedTransferQueue<Runnable> {
    private static final long serialVersionUID = 1;

    @Override
    public boolean offer(Runnable work) {
      return tryTransfer(work);
    }
  }

  /** All threads are busy, or there are to be none any more. */
  private void queue(Runnable work, ThreadPoolExecutor busy) {
    if (busy.isShutdown() || waiting.size() >= WAITING) {
      throw new RejectedExecutionException();
    }
    waiting.put(work);
    if (busy.isShutdown() && waiting.remove(work)) {
      throw new RejectedExecutionException();
    }
    if (busy.getPoolSize() == 0) { // they have all become idle and ended just now
      busy.prestartCoreThread();
    }
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
              Thread thread = new OwnThread(this, work, name);
              thread.setDaemon(true);
              thread.setContextClassLoader(user.code());
              return thread;
            });
  }

  private static final class OwnThread extends Thread {
    private final Worker owner;

    OwnThread(Worker owner, Runnable work, String name) {
      super(null, work, name, 0, false);
      this.owner = owner;
    }
  }

  /** Does a piece of work, and tells its result to whoever asks. */
  <T> Future<T> ask(Callable<T> work) {
    Job<T> job = new Job<>(work, new Answer<>(loops, this));
    job.timeout = clock.schedule(job::overdue, TIMEOUT_SECONDS, TimeUnit.SECONDS);
    if (!offer(job)) {
      job.cancel(false);
      return Future.failedFuture(
          threads.isShutdown()
              ? user.stopped()
              : new RejectedExecutionException(
                  WAITING + " pieces of work of " + user + " wait already"));
    }
    return job.answer.future();
  }

  /**
   * Does a piece of work that throws nothing.
   *
   * @return false if too many wait already, or if it is closed
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
   * Tells the user an answer: on this thread if it is the user's own, else on the one for that. If
   * there is none any more, or too much waits for it, an event loop does it, as it calls the user's
   * hooks.
   */
  void tell(Runnable telling) {
    if (Thread.currentThread() instanceof OwnThread own && own.owner == this) {
      telling.run();
      return;
    }
    try {
      answers.execute(telling);
    } catch (RejectedExecutionException e) {
      loops.run(telling);
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
    answers.shutdown(); // once it has told what is to be told
    boolean ended = false;
    try {
      ended =
          threads.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS)
              && answers.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!ended) {
      LOG.atWarn()
          .setMessage("{} is stopped, but {} of its worker threads go on")
          .addArgument(user)
          .addArgument(threads.getActiveCount() + answers.getActiveCount())
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
