package io.sluice.gateway.context;

import io.sluice.api.FilterContext.Scheduled;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one user wants done later, on its worker. Safe for all threads. */
final class Schedule {
  /** So much may be set at once. */
  static final int MAX = 10_000;

  private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);
  private static final long MIN_PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  /** When the worker has no room, it is asked again after this time. */
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long END_MILLIS = 2000;

  private final User user;
  private final Worker worker;
  private final ScheduledExecutorService clock;
  private final Set<Task> tasks = new HashSet<>();
  private int running;
  private boolean ended;

  Schedule(User user, Worker worker, ScheduledExecutorService clock) {
    this.user = user;
    this.worker = worker;
    this.clock = clock;
  }

  Scheduled after(Duration delay, Runnable work) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("a delay is not negative: " + delay);
    }
    return add(new Task(work, 0), nanos(delay));
  }

  Scheduled every(Duration period, Runnable work) {
    long nanos = nanos(period);
    if (nanos < MIN_PERIOD_NANOS) {
      throw new IllegalArgumentException("a period is at least 10 ms: " + period);
    }
    return add(new Task(work, nanos), nanos);
  }

  /** Longer ones than a long can say are as good as never. */
  private static long nanos(Duration time) {
    return time.compareTo(Duration.ofDays(365)) > 0 ? Long.MAX_VALUE >> 1 : time.toNanos();
  }

  private synchronized Scheduled add(Task task, long nanos) {
    if (ended) {
      throw user.stopped();
    }
    if (tasks.size() >= MAX) {
      throw new RejectedExecutionException(user + " has set " + MAX + " times");
    }
    tasks.add(task);
    task.set(nanos);
    return task;
  }

  /** Nothing begins any more; what has begun is waited for, for a while. */
  synchronized void end() {
    ended = true;
    tasks.forEach(Task::unset);
    tasks.clear();
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(END_MILLIS);
    try {
      for (long left = END_MILLIS; running > 0 && left > 0; ) {
        wait(left);
        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (running > 0) {
      LOG.atWarn()
          .setMessage("{} is being stopped, but what it has set a time for goes on")
          .addArgument(user)
          .log();
    }
  }

  /** One thing to be done. Its fields are guarded by the schedule. */
  private final class Task implements Scheduled, Runnable {
    private final Runnable work;

    /** 0 if it is to be done once. */
    private final long period;

    private @Nullable ScheduledFuture<?> due;

    Task(Runnable work, long period) {
      this.work = work;
      this.period = period;
    }

    private void set(long nanos) {
      due = clock.schedule(this::due, nanos, TimeUnit.NANOSECONDS);
    }

    private void unset() {
      if (due != null) {
        due.cancel(false);
      }
    }

    @Override
    public void cancel() {
      synchronized (Schedule.this) {
        tasks.remove(this);
        unset();
      }
    }

    /** On the clock's thread. */
    private void due() {
      if (!worker.offer(this)) {
        goOn(AGAIN_NANOS);
      }
    }

    private void goOn(long nanos) {
      synchronized (Schedule.this) {
        if (tasks.contains(this)) {
          set(nanos);
        }
      }
    }

    /** On a thread of the worker. */
    @Override
    public void run() {
      synchronized (Schedule.this) {
        if (!tasks.contains(this)) {
          return;
        }
        running++;
        if (period == 0) {
          tasks.remove(this);
        }
      }
      try {
        work.run();
      } catch (Throwable e) {
        LOG.atError()
            .setMessage("what {} has set a time for failed")
            .addArgument(user)
            .setCause(e)
            .log();
      } finally {
        synchronized (Schedule.this) {
          running--;
          Schedule.this.notifyAll();
        }
        if (period > 0) {
          goOn(period);
        }
      }
    }
  }
}
