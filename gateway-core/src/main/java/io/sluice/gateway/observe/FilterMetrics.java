package io.sluice.gateway.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.exchange.FilterObserver;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.loop.Seldom;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Counts what filters do but to let calls pass, and tells of it in the log: of each filter each
 * kind of thing once in a while, with how often it was since. Safe for all threads.
 */
public final class FilterMetrics implements FilterObserver {
  private static final Logger LOG = LoggerFactory.getLogger(FilterMetrics.class);
  private static final Duration PERIOD = Duration.ofSeconds(10);
  private static final String ERRORS = "Hooks of a filter that threw, or whose answer was none";

  /**
   * Something that is told.
   *
   * @param filter its name
   * @param what a few words, or the name of a meter
   */
  private record Key(String filter, String what) {}

  private final MeterRegistry registry;
  private final Map<Key, Counter> counters = new ConcurrentHashMap<>();
  private final Map<Key, Seldom> lines = new ConcurrentHashMap<>();

  public FilterMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void refused(FilterChain.Entry by) {
    count(by.name(), "refusals", "Calls that a filter has refused");
  }

  @Override
  public void wouldHave(FilterChain.Entry by, Deed what, RpcCall call) {
    String done = what.name().toLowerCase(Locale.ROOT);
    counters
        .computeIfAbsent(
            new Key(by.name(), done),
            key ->
                Counter.builder("sluice.filter.would.have")
                    .description("What a filter with 'shadow: true' would have done to calls")
                    .tag("filter", by.name())
                    .tag("done", done)
                    .register(registry))
        .increment();
    say(Level.INFO, "filter would have " + done.replace('_', ' '), by, call, line -> line);
  }

  @Override
  public void failed(FilterChain.Entry by, RpcCall call, Throwable cause, boolean endsCall) {
    count(by.name(), "errors", ERRORS);
    String what = "filter failed, " + fate(endsCall);
    say(Level.ERROR, what, by, call, line -> line.setCause(cause));
  }

  @Override
  public void late(FilterChain.Entry by, RpcCall call) {
    count(by.name(), "late", "Answers of a filter that were not there in time");
    String what = "filter has not answered in time, " + fate(!by.isTolerated());
    say(Level.ERROR, what, by, call, line -> line);
  }

  @Override
  public void misused(String filter, RpcCall call, IllegalStateException how) {
    count(filter, "errors", ERRORS);
    String what = "filter has tried to change a call that it may not change";
    LoggingEventBuilder line = line(Level.ERROR, filter, what);
    if (line != null) {
      line.addKeyValue("call", call).setCause(how).log();
    }
  }

  private void count(String filter, String name, String description) {
    counters
        .computeIfAbsent(
            new Key(filter, name),
            key ->
                Counter.builder("sluice.filter." + name)
                    .description(description)
                    .tag("filter", filter)
                    .register(registry))
        .increment();
  }

  private void say(
      Level level,
      String what,
      FilterChain.Entry by,
      RpcCall call,
      UnaryOperator<LoggingEventBuilder> more) {
    LoggingEventBuilder line = line(level, by.name(), what);
    if (line == null) {
      return;
    }
    line.addKeyValue("place", by.place().origin())
        .addKeyValue("hook", by.hook())
        .addKeyValue("call", call);
    try {
      more.apply(line).log();
    } catch (Throwable e) { // what a filter throws may be its own code
      line.setCause(null).addKeyValue("unreadable", e.getClass().getName()).log();
    }
  }

  /** Begins a line, unless there was one lately; then null. */
  private @Nullable LoggingEventBuilder line(Level level, String filter, String what) {
    long unsaid = lines.computeIfAbsent(new Key(filter, what), key -> new Seldom(PERIOD)).ask();
    return unsaid < 0
        ? null
        : LOG.atLevel(level)
            .setMessage(unsaid == 0 ? "{}" : "{}; and {} times more since that was told last")
            .addArgument(what)
            .addArgument(unsaid)
            .addKeyValue("filter", filter);
  }

  private static String fate(boolean endsCall) {
    return endsCall ? "the call ends with an internal error" : "the call goes on";
  }
}
