package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code sluice run} is told. */
class RunCommandTest {

  @ParameterizedTest
  @ValueSource(strings = {"-1", "86401", "2147483647"})
  void aGraceThatIsNoneIsRefused(String seconds) {
    Ran ran = Ran.of(new RunCommand(), "--config=none.yaml", "--grace", seconds);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).startsWith("--grace " + seconds + ": write 0 to 86400\n");
  }
}
