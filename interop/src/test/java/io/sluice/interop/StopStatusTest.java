package io.sluice.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.interop.harness.GatewayProcess;
import io.sluice.interop.harness.Message;
import io.sluice.interop.harness.Message.Framing;
import io.sluice.interop.harness.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The exit status after SIGTERM tells whether calls were cut off at the end of the grace. */
final class StopStatusTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int CALLS_LOST = 3;

  private ServerSocket downstream;

  @BeforeEach
  void listen() throws IOException {
    downstream = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    downstream.setSoTimeout(20_000);
  }

  @AfterEach
  void close() throws IOException {
    downstream.close();
  }

  private GatewayProcess gateway(String grace) {
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", downstream.getLocalPort());
    return GatewayProcess.with(GatewayProcess.configuration("framed", address))
        .arguments("--grace", grace)
        .start();
  }

  private RawConnection accept() throws IOException {
    return new RawConnection(downstream.accept());
  }

  private static Message call(Framing framing) {
    return Message.call(framing, "", "Echo", 7, Message.text("hi"));
  }

  private static String lostCalls(GatewayProcess gateway) {
    return gateway
        .awaitLog(line -> line.message().equals("stopped"), LIMIT)
        .values()
        .get("lostCalls");
  }

  @ParameterizedTest
  @EnumSource(names = {"FRAMED", "TTHEADER"})
  void isThreeAfterCallsWereCutOff(Framing framing) throws IOException {
    try (GatewayProcess gateway = gateway("1");
        RawConnection one = RawConnection.to(gateway.address());
        RawConnection other = RawConnection.to(gateway.address())) {
      one.send(call(framing).bytes());
      other.send(call(framing).bytes());
      try (RawConnection silent = accept();
          RawConnection silentToo = accept()) {
        silent.read();
        silentToo.read();
        assertThat(gateway.stop(LIMIT)).isEqualTo(CALLS_LOST);
        assertThat(one.readToEnd()).isEmpty();
        assertThat(other.readToEnd()).isEmpty();
      }
      assertThat(lostCalls(gateway)).isEqualTo("2");
    }
  }

  @Test
  void isZeroAfterOpenCallsHaveEnded() throws IOException {
    try (GatewayProcess gateway = gateway("20");
        RawConnection caller = RawConnection.to(gateway.address());
        RawConnection idle = RawConnection.to(gateway.address())) {
      caller.send(call(Framing.TTHEADER).bytes());
      try (RawConnection slow = accept()) {
        Message asked = slow.read();
        gateway.beginStop();
        gateway.awaitLog(line -> line.message().startsWith("stopping"), LIMIT);
        slow.send(Message.reply(asked, Message.text("done")).bytes());
        assertThat(caller.read().type()).isEqualTo(Message.REPLY);
        assertThat(gateway.awaitExit(LIMIT)).isZero();
      }
      assertThat(idle.readToEnd()).isEmpty();
      assertThat(lostCalls(gateway)).isEqualTo("0");
    }
  }
}
