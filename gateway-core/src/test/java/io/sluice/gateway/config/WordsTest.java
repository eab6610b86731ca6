package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Addresses, durations and the guessing of words. */
class WordsTest {

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:0, 127.0.0.1, 0, true",
    "[::1]:80, ::1, 80, true",
    "[::ffff:127.0.0.1]:80, ::ffff:127.0.0.1, 80, true",
    "localhost:65535, localhost, 65535, true",
    "0.0.0.0:1, 0.0.0.0, 1, false",
    "[::]:1, ::, 1, false",
    "my_service.default.svc:1, my_service.default.svc, 1, false",
    "a-1.b.:1, a-1.b., 1, false",
  })
  void anAddressIsReadAndWritten(String text, String host, int port, boolean loopback) {
    Address address = Address.parse(text);
    assertThat(address).isEqualTo(new Address(host, port));
    assertThat(address).hasToString(text);
    assertThat(address.isLoopback()).isEqualTo(loopback);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:0, 127.0.0.1:7",
    "10.0.0.5:0, 10.0.0.5:7",
    "ops.local:0, ops.local:7",
    "0.0.0.0:0, 127.0.0.1:7",
    "[::]:0, [::1]:7",
    "[fe80::1]:0, [fe80::1]:7",
  })
  void whatListensIsReachedFromHere(String listens, String reached) {
    assertThat(Address.parse(listens).fromHere(7)).isEqualTo(Address.parse(reached));
  }

  @Test
  void hostsAreComparedWhateverTheirCase() {
    assertThat(Address.parse("Echo.Local:1")).isEqualTo(Address.parse("echo.local:1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "a",
        "a:",
        ":1",
        "a:-1",
        "a:65536",
        "a:99999999999",
        "a b:1",
        "a/b:1",
        "[::1]",
        "::1:1",
        "[]:1",
        "[a]:1",
        "1.2.3:1",
        "1.2.3.4.5:1",
        "a..b:1",
        "-a:1",
        "a:1 ",
        "é:1",
        "http://a:1"
      })
  void anythingElseIsNoAddress(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Address.parse(text))
        .withMessageStartingWith("not an address: ");
  }

  @ParameterizedTest
  @CsvSource({"0ms, 0", "250ms, 250", "1s, 1000", "90s, 90000", "5m, 300000", "24h, 86400000"})
  void aDurationIsReadAndWritten(String text, long millis) {
    assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
    assertThat(Durations.format(Duration.ofMillis(millis))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "5", "s", "-1s", "1.5s", "1d", "1S", "1s 2ms", "1234567890123s", "٣s"})
  void anythingElseIsNoDuration(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Durations.parse(text))
        .withMessage("not a duration: write 250ms, 10s, 5m or 1h");
  }

  @ParameterizedTest
  @CsvSource({
    "clutser, cluster",
    "Cluster, cluster",
    "clusters, cluster",
    "cluter, cluster",
    "cluxter, cluster",
    "maxframe, maxFrame",
    "max-frame, maxFrame",
    "upstream,",
    "x,",
  })
  void aMisspeltWordIsGuessed(String word, String meant) {
    assertThat(Spelling.closest(word, List.of("cluster", "maxFrame", "y")).orElse(null))
        .isEqualTo(meant);
  }

  @Test
  void anEndlessWordIsNotCompared() {
    assertThat(Spelling.closest("a".repeat(1_000_000), List.of("a"))).isEmpty();
  }
}
