package io.sluice.interop.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Peers;
import io.sluice.interop.harness.RawConnection;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A caller that gives up a thousand calls a second on one connection: it costs nobody anything. */
final class ImpatientCallersTest {
  private static final int A_SECOND = 1000;
  private static final Duration TIME = Duration.ofSeconds(Soak.pick(2, 10));

  /** So few that what comes anew each second is needed too, in the short form as well. */
  private static final int RESET_RATE = 1500;

  /** Given up between two whole calls, however late it is. */
  private static final int AT_ONCE = 50;

  private static final Duration TICK = Duration.ofMillis(10);
  private static final Duration END = Duration.ofSeconds(30);

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int GOAWAY = 7;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  private static final byte[] CANCEL = Wire.hex("00000008");

  /** A call that the downstream does not answer before it has said something. */
  private static final byte[] CHAT = Wire.grpcHead("/interop.pb.InteropPb/Chat");

  private static final byte[] CHAT_50_MILLIS =
      Wire.join(CHAT, Wire.hex("00 0c"), Wire.ascii("grpc-timeout"), Wire.hex("03 35 30 6d"));

  private static final byte[] ECHO = Wire.grpcHead("/interop.pb.InteropPb/Echo");

  /** What has come on the connection. */
  private static final class Seen {
    final Set<Integer> answered = ConcurrentHashMap.newKeySet();
    final Set<Integer> ended = ConcurrentHashMap.newKeySet();
    volatile boolean goAway;

    void read(RawConnection from) {
      try {
        while (true) {
          ByteBuffer head = ByteBuffer.wrap(from.readBytes(9));
          int lengthAndType = head.getInt();
          int flags = head.get();
          int stream = head.getInt();
          from.readBytes(lengthAndType >>> 8);
          switch (lengthAndType & 0xFF) {
            case DATA -> answered.add(stream);
            case HEADERS -> {
              if ((flags & END_STREAM) != 0) {
                ended.add(stream);
              }
            }
            case GOAWAY -> goAway = true;
            default -> {}
          }
        }
      } catch (UncheckedIOException e) {
        // Closed, by whichever side.
      }
    }
  }

  /** What is done with the n-th call that is not to be answered. */
  private interface Impatience {
    byte[] call(int stream);
  }

  private static String config(Peers.Server server) {
    return GatewayProcess.configuration("framed", server.address())
        .replace("rpc: {", "rpc: {limits: {resetRate: " + RESET_RATE + "}, ");
  }

  private static void run(String name, Impatience impatience, boolean isTold) {
    try (Peers.Server server = Peers.server();
        GatewayProcess gateway = GatewayProcess.with(config(server)).start();
        Peers.Load neighbour = Soak.endless(gateway.address(), "grpc-pb", "--connections", "1");
        RawConnection caller = RawConnection.to(gateway.address())) {
      neighbour.awaitRunning(END);
      Seen seen = new Seen();
      Thread reader = new Thread(() -> seen.read(caller), "reader");
      reader.setDaemon(true);
      reader.start();
      caller.send(Wire.http2Opening());
      int stream = 1;
      int givenUp = 0;
      int whole = 0;
      long start = System.nanoTime();
      long last = start;
      for (long now = start; now - start < TIME.toNanos(); now = System.nanoTime()) {
        long due = (now - last) * A_SECOND / TimeUnit.SECONDS.toNanos(1);
        last = now;
        for (long n = Math.min(due, AT_ONCE); n > 0; n--) {
          caller.send(impatience.call(stream));
          stream += 2;
          givenUp++;
        }
        int call = stream;
        stream += 2;
        whole++;
        caller.send(
            Wire.join(
                Wire.http2(HEADERS, END_HEADERS, call, ECHO),
                Wire.http2(DATA, END_STREAM, call, new byte[5])));
        await(name).atMost(END).pollInterval(TICK).until(() -> seen.ended.contains(call));
        assertThat(seen.answered).as("%s: the answer of call %d", name, whole).contains(call);
      }
      int told = whole + (isTold ? givenUp : 0);
      await(name).atMost(END).until(() -> seen.ended.size() == told);
      assertThat(seen.goAway).as("%s: GOAWAY", name).isFalse();
      assertThat(gateway.metric("sluice_limits_total")).as("%s: limits met", name).isZero();
      var report = neighbour.stop(END);
      Soak.say(
          "%s: %d calls given up, %d beside them answered, RSS %d MiB; neighbour %s",
          name, givenUp, whole, gateway.rss() >> 20, Soak.figures(report));
      Soak.assertFlawless(report);
    }
  }

  @Test
  void aThousandCancelsASecondCostNothing() {
    run(
        "cancels",
        stream ->
            Wire.join(
                Wire.http2(HEADERS, END_HEADERS, stream, CHAT),
                Wire.http2(RST_STREAM, 0, stream, CANCEL)),
        false);
  }

  @Test
  void aThousandDeadlinesASecondCostNothing() {
    run("deadlines", stream -> Wire.http2(HEADERS, END_HEADERS, stream, CHAT_50_MILLIS), true);
  }
}
