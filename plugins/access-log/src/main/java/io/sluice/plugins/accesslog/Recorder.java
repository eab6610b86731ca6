package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import io.sluice.api.Call.Phase;
import io.sluice.api.Outcome;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Takes down what a line is to say of a call, while all that is at hand: numbers as they are, and
 * fields that are mostly those of a call before. Used by one thread at a time.
 */
final class Recorder {
  private static final Phase[] PHASES = Phase.values();

  private final KnownFields<SocketAddress> peer = new PeerField();
  private final KnownFields<WhoFields.Who> who = new WhoFields();
  private final KnownFields<WhereFields.Where> where = new WhereFields();
  private final EndFields end = new EndFields();

  /** Where fields are written that are not known; all that are a call's own. */
  private final JsonBytes own = new JsonBytes(256);

  /** Adds a call to the records. */
  void record(Call call, Outcome outcome, Records to) {
    own.cut(0);
    to.room();
    fields(call, outcome, to.fields(), to.size() * Records.FIELDS);
    numbers(call, to.numbers(), to.size() * Records.NUMBERS);
    to.add(own.length());
  }

  private void fields(Call call, Outcome outcome, byte[][] fields, int at) {
    fields[at] = peer.of(call, own);
    fields[at + 1] = who.of(call, own);
    fields[at + 2] = where.of(call, own);
    fields[at + 3] = end.of(outcome, own);
  }

  /** In the order of {@link LineFormat}. */
  private static void numbers(Call call, long[] numbers, int at) {
    boolean messages = !call.protocol().isPingPong();
    numbers[at] =
        System.currentTimeMillis() - TimeUnit.NANOSECONDS.toMillis(call.nanosTo(Phase.ENDED));
    numbers[at + 1] = call.attempts();
    numbers[at + 2] = call.requestBytes();
    numbers[at + 3] = call.responseBytes();
    numbers[at + 4] = messages ? call.requestMessages() : LineFormat.NONE;
    numbers[at + 5] = messages ? call.responseMessages() : LineFormat.NONE;
    int times = at + Records.NUMBERS - PHASES.length;
    for (int i = 0; i < PHASES.length; i++) {
      numbers[times + i] = call.nanosTo(PHASES[i]);
    }
  }
}
