package io.sluice.gateway.loop;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.util.ArrayList;

/**
 * Gathers the channels written to in one turn of the loop and flushes each once at the end of the
 * turn, so that many frames leave in one system call.
 */
public final class Flusher implements Runnable {

  /** A channel that can be flushed later; one for each connection. */
  public static final class Target {
    private final Channel channel;
    private boolean queued;

    public Target(Channel channel) {
      this.channel = channel;
    }
  }

  private final EventLoop eventLoop;
  private ArrayList<Target> queue = new ArrayList<>();
  private ArrayList<Target> spare = new ArrayList<>();

  Flusher(EventLoop eventLoop) {
    this.eventLoop = eventLoop;
  }

  /** Flushes the target's channel before the loop waits for events again. */
  public void later(Target target) {
    if (target.queued) {
      return;
    }
    target.queued = true;
    if (queue.isEmpty()) {
      eventLoop.execute(this);
    }
    queue.add(target);
  }

  /** Called by the loop. */
  @Override
  public void run() {
    ArrayList<Target> now = queue;
    queue = spare;
    spare = now;
    for (int i = 0; i < now.size(); i++) {
      Target target = now.get(i);
      target.queued = false;
      target.channel.flush();
    }
    now.clear();
  }
}
