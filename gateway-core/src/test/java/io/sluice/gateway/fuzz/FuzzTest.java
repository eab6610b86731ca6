package io.sluice.gateway.fuzz;

import static org.assertj.core.api.Assertions.fail;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kept inputs of every decoder. {@link FuzzRun} looks for more. */
class FuzzTest {

  @ParameterizedTest
  @EnumSource
  void noKeptInputIsABug(Target target) {
    for (byte[] input : Corpus.of(target)) {
      try {
        target.run(input);
      } catch (RuntimeException | Error e) {
        fail("%s", HexFormat.of().formatHex(input), e);
      }
    }
  }
}
