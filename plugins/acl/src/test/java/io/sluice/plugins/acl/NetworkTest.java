package io.sluice.plugins.acl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which address is in which block. */
class NetworkTest {

  private static boolean has(String network, InetAddress ip) {
    return Network.parse(network).has(Address.high(ip), Address.low(ip));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, 11.0.0.0",
    "10.1.2.0/23, 10.1.3.255, 10.1.4.0",
    "10.1.2.3, 10.1.2.3, 10.1.2.2",
    "10.1.2.3/32, 10.1.2.3, 10.1.2.4",
    "192.168.0.128/25, 192.168.0.128, 192.168.0.127",
    "0.0.0.0/0, 255.255.255.255, ::1",
    "0.0.0.0/0, 0.0.0.0, ::",
    "fd00::/8, fdff::1, fe00::",
    "2001:db8::/32, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff, 2001:db9::",
    "2001:db8:0:1::/64, 2001:db8:0:1:ffff::, 2001:db8:0:2::",
    "2001:db8::8000:0:0:0/65, 2001:db8::8000:0:0:1, 2001:db8::7fff:0:0:1",
    "::1, ::1, ::2",
    "::ffff:10.0.0.0/104, 10.1.2.3, 11.1.2.3",
    "::/1, 10.1.2.3, 8000::",
  })
  void hasItsAddressesAndNoOthers(String network, String in, String out)
      throws UnknownHostException {
    assertThat(has(network, InetAddress.getByName(in))).isTrue();
    assertThat(has(network, InetAddress.getByName(out))).isFalse();
  }

  @Test
  void anAddressOfIpv4ThatComesByIpv6IsTheSame() throws UnknownHostException {
    byte[] mapped = new byte[16];
    mapped[10] = mapped[11] = (byte) 0xff;
    mapped[12] = 10;
    InetAddress ip = Inet6Address.getByAddress("", mapped, 0);
    assertThat(has("10.0.0.0/8", ip)).isTrue();
    assertThat(has("11.0.0.0/8", ip)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "10.0.0.0/33",
        "10.0/8",
        "10",
        "010.0.0.256",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "fd00::/129",
        "fd00:::/8",
        "fe80::1%eth0",
        ":",
        "dead.beef",
      })
  void whatIsNoNetworkIsRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Network.parse(text))
        .withMessage("'" + text + "' is no network: write 10.0.0.0/8, fd00::/8 or 10.1.2.3");
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.1/8, 8", "fd00::1/64, 64", "2001:db8::1/32, 32", "0.0.0.1/0, 0"})
  void bitsBehindThoseThatCountAreAMistake(String text, int bits) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Network.parse(text))
        .withMessage(
            "'"
                + text
                + "' has bits behind the first "
                + bits
                + ": write the block's first address");
  }
}
