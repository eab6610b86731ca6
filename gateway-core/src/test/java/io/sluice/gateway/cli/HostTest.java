package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the environment says. */
class HostTest {

  @Test
  void asManyLoopsAsAreAskedFor() {
    assertThat(Host.loops("3")).isEqualTo(3);
    assertThat(Host.loops(" 12 ")).isEqualTo(12);
    int processors = Runtime.getRuntime().availableProcessors();
    assertThat(Host.loops(null)).isEqualTo(processors);
    assertThat(Host.loops(" ")).isEqualTo(processors);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "abc", "1000", "99999999999", "1.5"})
  void aNumberOfLoopsThatIsNoneIsRefused(String set) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Host.loops(set))
        .withMessage("SLUICE_EVENT_LOOPS is '" + set + "': write 1 to 999, or leave it out");
  }
}
