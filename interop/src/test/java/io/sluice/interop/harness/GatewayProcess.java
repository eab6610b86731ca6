package io.sluice.interop.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packaged gateway as a process of its own. By default every buffer of it is tracked, and
 * closing it fails if it leaked one or logged an error. Of a leak it tells where the buffer was
 * made; with {@code -Dsluice.leakRecords=20} also what was done to it.
 */
public final class GatewayProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration STOP = Duration.ofSeconds(40);

  /** One for all: each would keep a connection of its own, which counts among the open files. */
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  /** To note more than where a buffer was made takes most of a busy gateway's time, and heap. */
  private static final int LEAK_RECORDS = Integer.getInteger("sluice.leakRecords", 0);

  private static final Pattern LISTENER = Pattern.compile("([^\\s{},=]+)=(\\d+)");

  /** What a gateway is started with. */
  public static final class Builder {
    private final String config;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> javaOptions = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private Path command = Places.sluice();
    private boolean errorsAllowed;

    private Builder(String config) {
      this.config = config;
      environment.put("SLUICE_LOG", "json");
      javaOptions.add("-Dio.netty.leakDetection.level=paranoid");
      javaOptions.add("-Dio.netty.leakDetection.targetRecords=" + LEAK_RECORDS);
      javaOptions.add("-Dio.netty.leakDetection.trackClose=" + (LEAK_RECORDS > 0));
      javaOptions.add("-Xmx512m");
    }

    /** Options of its JVM, after {@code -Xmx512m} and the leak detection; later ones win. */
    public Builder java(String... options) {
      javaOptions.addAll(List.of(options));
      return this;
    }

    public Builder env(String name, String value) {
      environment.put(name, value);
      return this;
    }

    /** The command that starts it, instead of the packaged one beside these tests. */
    public Builder command(Path sluice) {
      command = sluice;
      return this;
    }

    public Builder eventLoops(int loops) {
      return env("SLUICE_EVENT_LOOPS", Integer.toString(loops));
    }

    /** More arguments behind {@code run --config FILE}. */
    public Builder arguments(String... more) {
      arguments.addAll(List.of(more));
      return this;
    }

    /** Lines of level ERROR are no failure of this test; leaks always are. */
    public Builder allowErrors() {
      errorsAllowed = true;
      return this;
    }

    /** Starts it and waits until it is ready. */
    public GatewayProcess start() {
      return new GatewayProcess(this);
    }
  }

  private final ChildProcess child;
  private final Path config;
  private final Path state;
  private final boolean errorsAllowed;
  private final Map<String, Integer> ports;
  private final long readyMillis;
  private boolean killed;
  private boolean checked;

  private GatewayProcess(Builder builder) {
    errorsAllowed = builder.errorsAllowed;
    try {
      Files.createDirectories(Places.target());
      config = Files.createTempFile(Places.target(), "gateway-", ".yaml");
      Files.writeString(config, builder.config);
      state = Files.createTempDirectory(Places.target(), "state-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                builder.command.toString(),
                "run",
                "--config",
                config.toString(),
                "--state",
                state.toString()));
    command.addAll(builder.arguments);
    ProcessBuilder process = new ProcessBuilder(command);
    process.environment().put("JAVA_OPTS", String.join(" ", builder.javaOptions));
    process.environment().putAll(builder.environment);
    child = ChildProcess.start("gateway", process);
    try {
      LogLine ready = LogLine.parse(child.awaitErr(line -> isReady(LogLine.parse(line)), START));
      ports = ports(ready);
      readyMillis = Long.parseLong(ready.values().get("millis"));
    } catch (AssertionError e) {
      child.close();
      deleteFiles();
      throw e;
    }
  }

  /**
   * A gateway with this configuration, whose listeners have port 0.
   *
   * @param config YAML
   */
  public static Builder with(String config) {
    return new Builder(config);
  }

  /**
   * The usual configuration: a listener {@code rpc}, one {@code admin}, one cluster {@code backend}
   * that takes every call.
   *
   * @param transport the cluster's, as in YAML
   */
  public static String configuration(String transport, InetSocketAddress endpoint) {
    return """
        listeners:
          rpc: {address: "127.0.0.1:0"}
          admin: {address: "127.0.0.1:0", serves: admin}
        clusters:
          backend: {endpoints: ["127.0.0.1:%d"], transport: %s}
        routes:
          - cluster: backend
        """
        .formatted(endpoint.getPort(), transport);
  }

  private static boolean isReady(LogLine line) {
    return line.message().equals("ready") && line.values().containsKey("listeners");
  }

  private static Map<String, Integer> ports(LogLine ready) {
    Map<String, Integer> found = new TreeMap<>();
    Matcher listener = LISTENER.matcher(ready.values().get("listeners"));
    while (listener.find()) {
      found.put(listener.group(1), Integer.valueOf(listener.group(2)));
    }
    return found;
  }

  /** Replaces the configuration's file by another, at once. */
  public void configure(String text) {
    replace(config, text.getBytes(StandardCharsets.UTF_8));
  }

  /** The configuration's file. */
  public Path config() {
    return config;
  }

  /** Puts a file in the place of another, so that whoever reads sees the one or the other. */
  public static void replace(Path file, byte[] content) {
    try {
      Path written = Files.write(file.resolveSibling(file.getFileName() + ".new"), content);
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The port of a listener. */
  public int port(String listener) {
    Integer port = ports.get(listener);
    if (port == null) {
      throw new IllegalArgumentException("there is no listener " + listener + " in " + ports);
    }
    return port;
  }

  /** The address of the listener named {@code rpc}. */
  public InetSocketAddress address() {
    return new InetSocketAddress("127.0.0.1", port("rpc"));
  }

  /** Milliseconds from the start of the process until it took calls. */
  public long readyMillis() {
    return readyMillis;
  }

  public long pid() {
    return child.pid();
  }

  public boolean isAlive() {
    return child.isAlive();
  }

  /** The page {@code /metrics} of the listener named {@code admin}. */
  public String metrics() {
    return admin("/metrics").body();
  }

  /**
   * The sum of all samples of a meter.
   *
   * @param name as on the page, for example {@code sluice_connections}
   * @param labels parts that the braces of a sample must contain, for example {@code
   *     protocol="grpc"}
   * @return 0 if there is none
   */
  public double metric(String name, String... labels) {
    double sum = 0;
    for (String line : metrics().split("\n")) {
      boolean named = line.startsWith(name + '{') || line.startsWith(name + ' ');
      if (named && List.of(labels).stream().allMatch(line::contains)) {
        sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return sum;
  }

  /** Any page of the listener named {@code admin}. */
  public HttpResponse<String> admin(String path) {
    URI uri = URI.create("http://127.0.0.1:" + port("admin") + path);
    try {
      return HTTP.send(
          HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage() + '\n' + child.output(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** The memory that the process has in use, in bytes. */
  public long rss() {
    return procStatus("VmRSS:") * 1024;
  }

  /** The number of open files and sockets of the process. */
  public int openFiles() {
    try (var files = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
      return (int) files.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The number of threads of the process. */
  public int threads() {
    return (int) procStatus("Threads:");
  }

  private long procStatus(String field) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status"))) {
        if (line.startsWith(field)) {
          return Long.parseLong(line.substring(field.length()).replace("kB", "").strip());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new IllegalStateException("/proc says nothing about " + field);
  }

  /** All log lines so far. */
  public List<LogLine> log() {
    return child.err().stream().map(LogLine::parse).toList();
  }

  /** The log lines that fit. */
  public List<LogLine> log(Predicate<LogLine> wanted) {
    return log().stream().filter(wanted).toList();
  }

  /** Waits for a log line, which may have come already. */
  public LogLine awaitLog(Predicate<LogLine> wanted, Duration limit) {
    return LogLine.parse(child.awaitErr(line -> wanted.test(LogLine.parse(line)), limit));
  }

  /** Everything it wrote, for the text of a failure. */
  public String output() {
    return child.output();
  }

  /**
   * Makes the JVM collect its garbage, and the leak detector tell what it found in it.
   *
   * <p>A lost buffer is only noticed after a collection, by the next allocation.
   */
  public void collectGarbage() {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    for (int round = 0; round < 2; round++) {
      try (ChildProcess collect =
          ChildProcess.start(
              "jcmd", new ProcessBuilder(jcmd.toString(), Long.toString(pid()), "GC.run"))) {
        int status = collect.awaitExit(Duration.ofSeconds(30));
        if (status != 0) {
          throw new AssertionError("jcmd failed\n" + collect.output());
        }
      }
      if (ports.containsKey("admin")) {
        metrics();
      }
    }
  }

  /**
   * SIGTERM, and waits for the end.
   *
   * @return the exit status
   */
  public int stop() {
    return stop(STOP);
  }

  /** As {@link #stop()}, with a limit of its own. */
  public int stop(Duration limit) {
    child.terminate();
    return child.awaitExit(limit);
  }

  /** SIGTERM, without waiting: for tests of what happens meanwhile. */
  public void beginStop() {
    child.terminate();
  }

  /** Waits for the end after {@link #beginStop()}. */
  public int awaitExit(Duration limit) {
    return child.awaitExit(limit);
  }

  /** SIGKILL. */
  public void kill() {
    killed = true;
    child.close();
  }

  /** Stops it, if it runs, and fails if it leaked a buffer or logged an error. */
  @Override
  public void close() {
    try {
      if (child.isAlive()) {
        collectGarbage();
        int status = stop();
        if (status != 0) {
          throw new AssertionError("the gateway ended with status " + status + '\n' + output());
        }
      } else if (!killed && !checked) {
        child.awaitExit(Duration.ofSeconds(1));
      }
    } finally {
      child.close();
      deleteFiles();
    }
    checkLog();
  }

  private void checkLog() {
    if (checked) {
      return;
    }
    checked = true;
    List<LogLine> bad = log(line -> line.isLeak() || line.isError() && !errorsAllowed);
    if (!bad.isEmpty()) {
      StringBuilder report = new StringBuilder("the gateway logged leaks or errors:");
      bad.stream().limit(10).forEach(line -> report.append('\n').append(line.raw()));
      throw new AssertionError(report.toString());
    }
  }

  private void deleteFiles() {
    try {
      Files.deleteIfExists(config);
      try (var kept = Files.list(state)) {
        for (Path file : kept.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(state);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
