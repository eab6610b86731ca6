package io.sluice.gateway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.server.PeerRates.Verdict;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How fast a peer may open connections. */
class PeerRatesTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final PeerRates rates = new PeerRates(4);

  private Verdict opened(String peer, long now) throws UnknownHostException {
    return rates.opened(InetAddress.getByName(peer), now);
  }

  @Test
  void aSecondsWorthAtOnceThenOneByOne() throws UnknownHostException {
    long now = Long.MAX_VALUE - SECOND; // the clock may pass its end
    for (int i = 0; i < 4; i++) {
      assertThat(opened("10.0.0.1", now)).isEqualTo(Verdict.TAKE);
    }
    assertThat(opened("10.0.0.1", now)).isEqualTo(Verdict.REFUSE_AND_LOG);
    assertThat(opened("10.0.0.1", now + 1)).isEqualTo(Verdict.REFUSE);
    assertThat(opened("10.0.0.2", now)).isEqualTo(Verdict.TAKE);
    assertThat(opened("10.0.0.1", now + SECOND / 4)).isEqualTo(Verdict.TAKE);
    assertThat(opened("10.0.0.1", now + SECOND / 4)).isEqualTo(Verdict.REFUSE);
    assertThat(opened("10.0.0.1", now + 3 * SECOND)).isEqualTo(Verdict.TAKE);
  }

  /** Loops look at the clock before they wait for each other. */
  @Test
  void timesMayComeInAnyOrder() throws UnknownHostException {
    for (int i = 0; i < 4; i++) {
      assertThat(opened("10.0.0.1", -i)).isEqualTo(Verdict.TAKE);
    }
    assertThat(opened("10.0.0.1", -4)).isEqualTo(Verdict.REFUSE_AND_LOG);
  }

  @Test
  void anIpv6NetworkIsOnePeer() throws UnknownHostException {
    for (int i = 0; i < 4; i++) {
      assertThat(opened("2001:db8::" + i, 0)).isEqualTo(Verdict.TAKE);
    }
    assertThat(opened("2001:db8::ffff", 0)).isEqualTo(Verdict.REFUSE_AND_LOG);
    assertThat(opened("2001:db8:0:1::1", 0)).isEqualTo(Verdict.TAKE);
  }

  @Test
  void manyPeersTakeNoMoreThanTheirPlaces() throws UnknownHostException {
    for (int i = 0; i < 100_000; i++) {
      byte[] address = {10, (byte) (i >> 16), (byte) (i >> 8), (byte) i};
      rates.opened(InetAddress.getByAddress(address), 0);
    }
    assertThat(rates.size()).isEqualTo(PeerRates.MAX_PEERS);
  }
}
