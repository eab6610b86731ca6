package io.sluice.gateway.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What the gateway, or a filter, warns of while this is open, but for a machine that is slow. */
public final class Warnings implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Logger logger;
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (event.getLevel().isGreaterOrEqual(Level.WARN) && !isSlowness(event)) {
            lines.add(event.getFormattedMessage() + " " + event.getKeyValuePairs());
          }
        }
      };

  /** Of a loop that no filter keeps is told wherever the machine is busy, whatever a test does. */
  private static boolean isSlowness(ILoggingEvent event) {
    return event.getFormattedMessage().contains(", and no filter keeps it");
  }

  public Warnings() {
    this("io.sluice.gateway");
  }

  /**
   * @param name of the package whose warnings count
   */
  public Warnings(String name) {
    logger = (Logger) LoggerFactory.getLogger(name);
    appender.setContext(logger.getLoggerContext());
    appender.start();
    logger.addAppender(appender);
  }

  /** The lines so far, each with its keys. */
  public List<String> lines() {
    return lines;
  }

  /** The only line; waits until it is there, as what it tells of may be seen sooner. */
  public String only() {
    await().atMost(PATIENCE).until(() -> !lines.isEmpty());
    assertThat(lines).hasSize(1);
    return lines.get(0);
  }

  /** The first line, of maybe more; waits until it is there. */
  public String first() {
    await().atMost(PATIENCE).until(() -> !lines.isEmpty());
    return lines.get(0);
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
  }
}
