package io.sluice.gateway.testkit;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Payload;
import io.sluice.api.Step;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A filter that notes in a {@link Journal} what it is asked, and answers as a test tells it. Has
 * every hook but those for messages; see {@link #ofMessages}.
 */
public class Probe implements Filter {

  /** The hooks of a filter. */
  public enum Hook {
    REQUEST,
    REQUEST_MESSAGE,
    RESPONSE,
    RESPONSE_MESSAGE,
    END,
    COMPLETE
  }

  /** A hook's answer; the message is null in hooks that have none. */
  @FunctionalInterface
  public interface Answer extends BiFunction<Call, Payload, Step> {}

  private final String name;
  private final Journal journal;
  private final Map<Hook, Answer> answers = new EnumMap<>(Hook.class);
  private volatile OutcomeHook onEnd = (call, outcome) -> {};

  /** Looks at an outcome. */
  @FunctionalInterface
  public interface OutcomeHook {
    void look(Call call, Outcome outcome);
  }

  private Probe(String name, Journal journal) {
    this.name = name;
    this.journal = journal;
  }

  /** One that leaves messages alone. */
  public static Probe of(String name, Journal journal) {
    return new Probe(name, journal);
  }

  /** One that wants messages too. */
  public static Probe ofMessages(String name, Journal journal) {
    return new OfMessages(name, journal);
  }

  /** To be used before the gateway starts. */
  public Probe on(Hook hook, Answer answer) {
    answers.put(hook, answer);
    return this;
  }

  public Probe onEndDo(OutcomeHook look) {
    onEnd = look;
    return this;
  }

  Step at(Hook hook, Call call, Payload message) {
    journal.note(name, hook, call);
    Answer answer = answers.get(hook);
    return answer == null ? Step.NEXT : answer.apply(call, message);
  }

  @Override
  public Step onRequest(Call call) {
    return at(Hook.REQUEST, call, null);
  }

  @Override
  public Step onResponse(Call call) {
    return at(Hook.RESPONSE, call, null);
  }

  @Override
  public Step onEnd(Call call, Outcome outcome) {
    onEnd.look(call, outcome);
    return at(Hook.END, call, null);
  }

  @Override
  public void onComplete(Call call, Outcome outcome) {
    journal.completed(outcome);
    at(Hook.COMPLETE, call, null);
  }

  /** How a configuration uses it. */
  public String use() {
    return "{use: " + name + "}";
  }

  /** A factory under this probe's name that always gives this probe. */
  public Given factory() {
    return new Given(name, this);
  }

  private static final class OfMessages extends Probe {
    OfMessages(String name, Journal journal) {
      super(name, journal);
    }

    @Override
    public Step onRequestMessage(Call call, Payload message) {
      return at(Hook.REQUEST_MESSAGE, call, message);
    }

    @Override
    public Step onResponseMessage(Call call, Payload message) {
      return at(Hook.RESPONSE_MESSAGE, call, message);
    }
  }
}
