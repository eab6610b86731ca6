package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two servers of one cluster that die, hang and come back under load, and a gateway that stops. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
final class ChaosTest {
  /** Of every call: the route's for callers on Framed, their own for those on TTHeader. */
  private static final long DEADLINE_MILLIS = 500;

  /** For two busy cores: what a call may be late. */
  private static final long SLACK_MILLIS = 750;

  private static final int CONNECTIONS = 32;
  private static final int CALLERS = 2 * CONNECTIONS;
  private static final int CYCLES = Soak.pick(1, 8);
  private static final Duration CALM = Duration.ofMillis(500);
  private static final Duration DOWN = Duration.ofMillis(1500);
  private static final Duration RECOVERY = Duration.ofSeconds(1);
  private static final Duration AFTER = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Two servers, the gateway before them, and what is done to the servers. */
  private static final class Scene implements AutoCloseable {
    final Peers.Server[] servers = {Peers.server(), Peers.server()};
    final GatewayProcess gateway;

    Scene() {
      gateway =
          GatewayProcess.with(
                  """
                  listeners:
                    rpc: {address: "127.0.0.1:0"}
                    admin: {address: "127.0.0.1:0", serves: admin}
                  clusters:
                    backend:
                      endpoints: ["127.0.0.1:%d", "127.0.0.1:%d"]
                      transport: ttheader-framed
                      connectTimeout: 300ms
                  routes:
                    - cluster: backend
                      timeout: %dms
                  """
                      .formatted(
                          servers[0].address().getPort(),
                          servers[1].address().getPort(),
                          DEADLINE_MILLIS))
              .start();
      warmUp();
    }

    /** A cold JVM alone could make calls late. */
    private void warmUp() {
      for (String transport : List.of("framed", "ttheader-framed")) {
        try (Peers.Load load =
            Peers.load(gateway.address(), transport, "--tolerate-errors", "--calls", "4000")) {
          load.await(LIMIT);
        }
      }
    }

    void kill(int which) {
      servers[which].close();
    }

    void restart(int which) {
      servers[which] = Peers.serverAt(servers[which].address());
    }

    @Override
    public void close() {
      try {
        gateway.close();
      } finally {
        servers[0].close();
        servers[1].close();
      }
    }
  }

  /** When the trouble was over, in nanoseconds. */
  private interface Trouble {
    long make(Scene scene);
  }

  /** What the callers saw, and the time on their clocks from which on there may be no error. */
  private record Seen(List<JsonNode> reports, long calmFromMillis) {
    long errors() {
      return reports.stream().mapToLong(report -> report.path("errors").asLong()).sum();
    }

    long errorsSaying(String text) {
      long sum = 0;
      for (JsonNode report : reports) {
        for (Map.Entry<String, JsonNode> entry : report.path("errorTexts").properties()) {
          sum += entry.getKey().contains(text) ? entry.getValue().asLong() : 0;
        }
      }
      return sum;
    }

    long slowestMillis() {
      return reports.stream()
          .mapToLong(report -> report.path("slowest").path("us").asLong() / 1000)
          .max()
          .orElse(0);
    }

    /** The last bucket of the timeline with an error. */
    long lastErrorMillis() {
      long last = -1;
      for (JsonNode report : reports) {
        for (JsonNode bucket : report.path("timeline")) {
          if (bucket.path("errors").asLong() > 0) {
            last = Math.max(last, bucket.path("atMs").asLong());
          }
        }
      }
      return last;
    }
  }

  private static List<Peers.Load> callers(Scene scene) {
    List<Peers.Load> callers = new ArrayList<>();
    String connections = Integer.toString(CONNECTIONS);
    callers.add(
        Soak.endless(
            scene.gateway.address(),
            "ttheader-framed",
            "--connections",
            connections,
            "--timeout",
            DEADLINE_MILLIS + "ms",
            "--tolerate-errors"));
    // These leave it to the gateway to end a call in time.
    callers.add(
        Soak.endless(
            scene.gateway.address(),
            "framed",
            "--connections",
            connections,
            "--timeout",
            "5s",
            "--tolerate-errors"));
    return callers;
  }

  private static Seen underLoad(Scene scene, Trouble trouble) {
    long before = System.nanoTime();
    List<Peers.Load> callers = callers(scene);
    try {
      callers.forEach(load -> load.awaitRunning(LIMIT));
      Soak.pass(CALM);
      long over = trouble.make(scene);
      Soak.pass(AFTER);
      List<JsonNode> reports = new ArrayList<>();
      for (Peers.Load load : callers) {
        reports.add(load.stop(LIMIT));
      }
      // The callers' clocks began after this one, so on them it was earlier.
      return new Seen(reports, TimeUnit.NANOSECONDS.toMillis(over - before) + RECOVERY.toMillis());
    } finally {
      callers.forEach(Peers.Load::close);
    }
  }

  /** What holds whatever happens. */
  private static void check(String what, Seen seen, Consumer<SoftAssertions> more) {
    for (JsonNode report : seen.reports) {
      Soak.say(
          "%s: %s, slowest %s, errors %s",
          what, Soak.figures(report), report.path("slowest"), report.path("errorTexts"));
    }
    Soak.say(
        "%s: last error in the bucket of %d ms, none may be from %d ms on",
        what, seen.lastErrorMillis(), seen.calmFromMillis);
    SoftAssertions all = new SoftAssertions();
    for (JsonNode report : seen.reports) {
      all.assertThat(report.path("mismatches").asLong()).as("%s: wrong replies", what).isZero();
      all.assertThat(report.path("stuck").asLong()).as("%s: stuck callers", what).isZero();
      all.assertThat(report.path("ok").asLong()).as("%s: successes", what).isPositive();
    }
    all.assertThat(seen.slowestMillis())
        .as("%s: slowest call in ms", what)
        .isLessThanOrEqualTo(DEADLINE_MILLIS + SLACK_MILLIS);
    all.assertThat(seen.lastErrorMillis())
        .as("%s: ms at which the last error came", what)
        .isLessThan(seen.calmFromMillis);
    more.accept(all);
    all.assertAll();
  }

  private static void assertCleanRun(Scene scene) {
    for (String transport : List.of("framed", "ttheader-framed")) {
      try (Peers.Load load =
          Peers.load(
              scene.gateway.address(), transport, "--connections", "32", "--calls", "4000")) {
        JsonNode report = load.await(LIMIT);
        Soak.say("clean run afterwards: %s", Soak.figures(report));
        Soak.assertFlawless(report);
      }
    }
  }

  @Test
  void oneServerKilledAndStartedAgain() {
    try (Scene scene = new Scene()) {
      for (int cycle = 0; cycle < CYCLES; cycle++) {
        int which = cycle % 2;
        Seen seen =
            underLoad(
                scene,
                s -> {
                  s.kill(which);
                  Soak.pass(DOWN);
                  s.restart(which);
                  return System.nanoTime();
                });
        check(
            "one killed",
            seen,
            all -> {
              all.assertThat(seen.errorsSaying("get connection error"))
                  .as("calls that found no server although one was there")
                  .isZero();
              // Its open call, and one that met a connection whose end was not yet known.
              all.assertThat(seen.errors())
                  .as("errors, of %d callers", CALLERS)
                  .isLessThanOrEqualTo(2L * CALLERS);
            });
      }
      assertCleanRun(scene);
    }
  }

  @Test
  void oneServerStoppedAndContinued() {
    try (Scene scene = new Scene()) {
      for (int cycle = 0; cycle < CYCLES; cycle++) {
        int which = cycle % 2;
        Seen seen =
            underLoad(
                scene,
                s -> {
                  Soak.signal("STOP", s.servers[which].pid());
                  Soak.pass(DOWN);
                  Soak.signal("CONT", s.servers[which].pid());
                  return System.nanoTime();
                });
        // Each caller can be at the silent server once a deadline, and once more at the edge.
        long most = CALLERS * (DOWN.toMillis() / DEADLINE_MILLIS + 1);
        check(
            "one stopped",
            seen,
            all ->
                all.assertThat(seen.errors())
                    .as("errors, of %d callers", CALLERS)
                    .isLessThanOrEqualTo(most));
      }
      assertCleanRun(scene);
    }
  }

  @Test
  void bothServersKilledAndStartedAgain() {
    try (Scene scene = new Scene()) {
      for (int cycle = 0; cycle < CYCLES; cycle++) {
        Seen seen =
            underLoad(
                scene,
                s -> {
                  s.kill(0);
                  s.kill(1);
                  Soak.pass(DOWN);
                  s.restart(0);
                  s.restart(1);
                  return System.nanoTime();
                });
        check(
            "both killed",
            seen,
            all -> all.assertThat(seen.errors()).as("errors while none was there").isPositive());
      }
      assertCleanRun(scene);
    }
  }

  @Test
  void stoppingAnswersWhatIsOpen() throws IOException {
    int open = 32;
    int workMillis = 400;
    try (Scene scene = new Scene()) {
      List<Socket> sockets = new ArrayList<>();
      List<Peers.Load> callers = callers(scene);
      try {
        callers.forEach(load -> load.awaitRunning(LIMIT));
        Soak.pass(CALM);
        for (int i = 0; i < open; i++) {
          Socket socket = new Socket();
          sockets.add(socket);
          socket.connect(scene.gateway.address(), 5000);
          socket.setSoTimeout(10_000);
          byte[] call = Wire.framed(Wire.message("Sleep", i, Wire.number(workMillis)));
          socket.getOutputStream().write(Wire.ttheader(0, i, Wire.service("InteropService"), call));
        }
        // One after the other they have certainly arrived when a later one is answered.
        awaitAnswer(scene);
        long begin = System.nanoTime();
        scene.gateway.beginStop();
        int answered = 0;
        for (int i = 0; i < open; i++) {
          answered += isReply(sockets.get(i), i) ? 1 : 0;
        }
        int status = scene.gateway.awaitExit(Duration.ofSeconds(30));
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        Soak.say(
            "gateway told to stop: status %d after %d ms, %d of %d open calls answered",
            status, millis, answered, open);
        for (Peers.Load load : callers) {
          JsonNode report = load.stop(LIMIT);
          // From then on every attempt is refused, so only the kinds tell something.
          Soak.say("gateway told to stop: %s %s", Soak.figures(report), report.path("errorTexts"));
          assertThat(report.path("mismatches").asLong()).isZero();
        }
        assertThat(status).as("exit status").isZero();
        assertThat(answered).as("open calls that were answered").isEqualTo(open);
      } finally {
        callers.forEach(Peers.Load::close);
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    }
  }

  private static void awaitAnswer(Scene scene) throws IOException {
    for (int i = 0; i < 4; i++) {
      try (Socket socket = new Socket()) {
        socket.connect(scene.gateway.address(), 5000);
        socket.setSoTimeout(10_000);
        byte[] call = Wire.framed(Wire.message("Sleep", i, Wire.number(0)));
        socket.getOutputStream().write(Wire.ttheader(0, i, Wire.service("InteropService"), call));
        assertThat(isReply(socket, i)).isTrue();
      }
    }
  }

  /** Whether a reply to the call of that sequence id comes, and not an exception or the end. */
  private static boolean isReply(Socket socket, int seqId) {
    try {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] frame = new byte[in.readInt()];
      in.readFully(frame);
      int words = (frame[8] & 0xFF) << 8 | frame[9] & 0xFF;
      int thrift = 10 + words * 4 + 4;
      int sequence =
          (frame[4] & 0xFF) << 24
              | (frame[5] & 0xFF) << 16
              | (frame[6] & 0xFF) << 8
              | frame[7] & 0xFF;
      return frame[thrift] == (byte) 0x80 && frame[thrift + 3] == 2 && sequence == seqId;
    } catch (IOException e) {
      return false;
    }
  }
}
