package io.sluice.interop.soak;

import static org.awaitility.Awaitility.await;

import io.sluice.interop.soak.Talk.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Opens, cancels and closes streams at random, and now and then cuts a caller off. The seed says
 * what is done, in which order and to which stream; how far the others have come is up to them.
 */
final class RandomStreams implements Runnable {
  private static final int STEPS_A_TURN = 64;

  /** So that a gateway that tracks every buffer can follow. */
  private static final int TURN_MILLIS = 10;

  private static final int MOST_OPEN = 1000;
  private static final int MOST_SAID = 5;
  private static final int MOST_COUNTED = 4;
  private static final int MOST_MILLIS = 300;

  /** One of so many steps cuts a caller's connection. */
  private static final int CUT = 2_000;

  /** Those that are cut come again, but not at once. */
  private static final int FEWEST = 4;

  private static final Script[] SCRIPTS = Script.values();

  private final Crowd crowd;
  private final Random random;
  private final int target;
  private final List<Talk> open = new ArrayList<>();

  /** Their end is due. */
  private final Set<Talk> ending = new HashSet<>();

  private final Map<String, Integer> done = new TreeMap<>();
  private volatile int opened;
  private volatile boolean over;

  /**
   * @param target how many streams to open
   */
  RandomStreams(Crowd crowd, Random random, int target) {
    this.crowd = crowd;
    this.random = random;
    this.target = target;
    crowd.onEnd(this::ended);
  }

  void start() {
    crowd.loop().execute(this);
  }

  /** How many have been opened. */
  int opened() {
    return opened;
  }

  /** Waits until all have been opened, and all have ended. */
  void awaitEnd(Duration limit) {
    try {
      await("the end of all streams").atMost(limit).until(() -> over || crowd.hasFaults());
    } catch (ConditionTimeoutException e) {
      throw new AssertionError(
          opened + " of " + target + " opened, some of which did not end: " + some(ending), e);
    }
    crowd.assertFaultless();
  }

  private List<Talk> some(Set<Talk> of) {
    return crowd.loop().submit(() -> of.stream().limit(10).toList()).syncUninterruptibly().getNow();
  }

  /** What was done how often. */
  Map<String, Integer> done() {
    return crowd.loop().submit(() -> new TreeMap<>(done)).syncUninterruptibly().getNow();
  }

  private void ended(Talk talk) {
    count(talk.script() + " ended");
    if (!ending.remove(talk)) {
      open.remove(talk);
    }
  }

  private void count(String what) {
    done.merge(what, 1, Integer::sum);
  }

  @Override
  public void run() {
    if (crowd.hasFaults()) {
      return;
    }
    if (opened == target && open.isEmpty() && ending.isEmpty()) {
      over = true;
      return;
    }
    try {
      for (int i = 0; i < STEPS_A_TURN && ending.size() < MOST_OPEN; i++) {
        step();
      }
      crowd.callers().forEach(StreamCaller::flush);
    } catch (RuntimeException e) {
      // The loop would keep it to itself.
      crowd.fault("the test: " + e);
    }
    crowd.loop().schedule(this, TURN_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void step() {
    int choice = random.nextInt(100);
    if (opened < target && open.size() < MOST_OPEN && (open.isEmpty() || choice < 40)) {
      open(crowd.callers().get(random.nextInt(crowd.callers().size())));
    } else if (random.nextInt(CUT) == 0 && crowd.callers().size() > FEWEST) {
      cut(random.nextInt(crowd.callers().size()));
    } else if (!open.isEmpty()) {
      Talk talk = open.get(random.nextInt(open.size()));
      boolean mayTalk = talk.script() != Script.SERVER_ENDS && talk.script() != Script.SERVER_FAILS;
      if (choice < 65) {
        if (mayTalk && talk.said() < MOST_SAID) {
          talk.caller().say(talk, talk.next());
        }
      } else {
        finish(talk);
      }
      // So that some frames come alone and others in a crowd.
      if (random.nextInt(4) == 0) {
        talk.caller().flush();
      }
    }
  }

  private void open(StreamCaller caller) {
    Script script = SCRIPTS[random.nextInt(SCRIPTS.length)];
    int timeout = script == Script.DEADLINE ? 1 + random.nextInt(MOST_MILLIS) : 0;
    Talk talk = new Talk(caller, script, Integer.toString(opened), timeout);
    caller.open(talk);
    open.add(talk);
    opened++;
    count(script + " opened");
  }

  private void finish(Talk talk) {
    StreamCaller caller = talk.caller();
    switch (talk.script()) {
      case HALF_CLOSE -> caller.halfClose(talk);
      case SERVER_ENDS -> {
        caller.say(talk, talk.asking(random.nextInt(MOST_COUNTED)));
        if (random.nextBoolean()) {
          caller.halfClose(talk);
        }
      }
      case SERVER_FAILS -> {
        int after = random.nextInt(2);
        caller.say(talk, talk.failing(after));
        for (int i = 0; i < after; i++) {
          caller.say(talk, talk.last());
        }
      }
      case CANCEL -> caller.cancel(talk);
      case DEADLINE -> {}
    }
    open.remove(talk);
    if (talk.script() == Script.CANCEL) {
      count("CANCEL ended");
    } else {
      ending.add(talk);
    }
  }

  private void cut(int which) {
    StreamCaller caller = crowd.callers().remove(which);
    caller.cut();
    open.removeIf(talk -> talk.caller() == caller);
    ending.removeIf(talk -> talk.caller() == caller);
    crowd.connect(caller.kind());
    count("callers cut");
  }
}
