package io.sluice.plugins.accesslog;

import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.TriggeringPolicyBase;
import ch.qos.logback.core.status.Status;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the lines go: a file that Logback rotates, or standard output. Used by one thread after it
 * has been opened. What Logback has to complain of later, a full disk for one, goes to the
 * gateway's log.
 */
final class LogFile implements BatchSink {
  private static final Logger LOG = LoggerFactory.getLogger(LogFile.class);

  private final ContextBase context = new ContextBase();
  private final OutputStreamAppender<Batch> appender;

  private LogFile(OutputStreamAppender<Batch> appender) {
    this.appender = appender;
  }

  /**
   * @param name of the file, or {@link AccessLogSettings#STDOUT}
   * @throws IOException if the file cannot be written to
   */
  static LogFile open(String name, AccessLogSettings settings) throws IOException {
    if (name.equals(AccessLogSettings.STDOUT)) {
      LogFile out = new LogFile(new ConsoleAppender<>());
      out.start();
      return out;
    }
    Path path = Path.of(name).toAbsolutePath();
    probe(path);
    FollowingAppender appender = new FollowingAppender(path);
    LogFile file = new LogFile(appender);
    file.rotate(appender, path, settings);
    file.start();
    return file;
  }

  /** Logback would say no more than that it has failed. */
  private static void probe(Path path) throws IOException {
    try {
      Files.createDirectories(path.getParent());
      Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND).close();
    } catch (FileSystemException e) {
      String why = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      throw new IOException("cannot write to " + path + ": " + why, e);
    }
  }

  private void rotate(FollowingAppender appender, Path path, AccessLogSettings settings) {
    FixedWindowRollingPolicy names = new FixedWindowRollingPolicy();
    names.setContext(context);
    names.setParent(appender);
    names.setFileNamePattern(path + ".%i");
    names.setMinIndex(1);
    names.setMaxIndex(settings.maxFiles());
    appender.setContext(context);
    appender.setFile(path.toString());
    appender.setRollingPolicy(names);
    appender.setTriggeringPolicy(new BySize(appender, settings.maxFileSize().bytes()));
    names.start();
  }

  private void start() throws IOException {
    context.getStatusManager().add(LogFile::complain);
    AsTheyAre encoder = new AsTheyAre();
    encoder.setContext(context);
    encoder.start();
    appender.setContext(context);
    appender.setName("access-log");
    appender.setEncoder(encoder);
    appender.start();
    if (!appender.isStarted()) {
      throw new IOException("Logback did not open the file, its reason is in the log");
    }
  }

  private static void complain(Status status) {
    if (status.getLevel() >= Status.WARN) {
      LOG.atWarn()
          .setMessage("the access log's file: {}")
          .addArgument(status.getMessage())
          .setCause(status.getThrowable())
          .log();
    }
  }

  /** They have left for the operating system when this returns. */
  @Override
  public void write(Batch batch) throws IOException {
    if (appender instanceof FollowingAppender file) {
      file.follow();
    }
    appender.doAppend(batch);
  }

  @Override
  public void stop() {
    appender.stop();
  }

  /**
   * Begins the file anew when another one stands in its place: when somebody has moved it away, or
   * the same log of the configuration before, which may still have calls, has put it aside.
   */
  private static final class FollowingAppender extends RollingFileAppender<Batch> {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Path path;

    /** Tells the file that is open from others; null if that is not known. */
    private @Nullable Object opened;

    /** Its bytes, so far as this or the last look has seen them. */
    private long size;

    private long lookedAt = System.nanoTime();

    FollowingAppender(Path path) {
      this.path = path;
    }

    /** Also after each rotation. */
    @Override
    public void openFile(String name) throws IOException {
      super.openFile(name);
      BasicFileAttributes there = there();
      opened = there == null ? null : there.fileKey();
      size = there == null ? 0 : there.size();
    }

    /** Without the copy that an encoder makes. */
    @Override
    protected void writeOut(Batch batch) throws IOException {
      streamWriteLock.lock();
      try {
        getOutputStream().write(batch.bytes(), 0, batch.length());
        getOutputStream().flush();
      } finally {
        streamWriteLock.unlock();
      }
      size += batch.length();
    }

    void follow() throws IOException {
      long now = System.nanoTime();
      if (now - lookedAt < LOOK_NANOS) {
        return;
      }
      lookedAt = now;
      BasicFileAttributes there = there();
      if (there == null || !Objects.equals(there.fileKey(), opened)) {
        openFile(getFile());
      } else {
        size = there.size();
      }
    }

    /** Of what stands at its place; null if there is nothing. */
    private @Nullable BasicFileAttributes there() {
      try {
        return Files.readAttributes(path, BasicFileAttributes.class);
      } catch (IOException e) {
        return null;
      }
    }
  }

  /**
   * Has a file put aside that is so large. To ask for its size at each batch costs much; it is
   * asked for when what was written comes to so much, as a full disk has taken none of it.
   */
  private static final class BySize extends TriggeringPolicyBase<Batch> {
    private final FollowingAppender file;
    private final long most;

    BySize(FollowingAppender file, long most) {
      this.file = file;
      this.most = most;
      start();
    }

    @Override
    public boolean isTriggeringEvent(File active, Batch batch) {
      if (file.size < most) {
        return false;
      }
      file.size = active.length();
      return file.size >= most;
    }
  }

  /** The bytes are lines already. */
  private static final class AsTheyAre extends EncoderBase<Batch> {
    private static final byte[] NOTHING = {};

    @Override
    public byte[] headerBytes() {
      return NOTHING;
    }

    @Override
    public byte[] encode(Batch batch) {
      return batch.copy();
    }

    @Override
    public byte[] footerBytes() {
      return NOTHING;
    }
  }
}
