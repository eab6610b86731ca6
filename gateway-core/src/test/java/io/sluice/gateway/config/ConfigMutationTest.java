package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.fuzz.ConfigUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is done to a file, loading it ends with a configuration or with faults in places. */
class ConfigMutationTest {
  private static final int ROUNDS = 1000;
  private static final String[] BITS = {
    "\n",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "#",
    "&a ",
    "*a",
    "!x ",
    "!!int ",
    "|",
    ">",
    "%",
    "@",
    "? ",
    "---\n",
    "...\n",
    "<<: ",
    "~",
    "null",
    "0",
    "-1",
    "é",
    "\uFEFF",
    "\u0000",
    "\uD800",
    "99999999999999999999",
    "10s",
    "64KiB",
    "true",
    "framed",
    "rpc:",
  };

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void aMutatedFileIsLoadedOrRefusedWithFaults(long seed) throws IOException {
    String valid = Files.readString(Path.of("../conf/gateway.yaml"));
    Random random = new Random(seed);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      String text = mutate(valid, random);
      try {
        refused += ConfigUse.isLoaded(text, List.of(Configs.REWRITE)) ? 0 : 1;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + seed + ", round " + round + ":\n" + text, e);
      }
    }
    assertThat(refused).isGreaterThan(ROUNDS / 2);
  }

  private static String mutate(String valid, Random random) {
    StringBuilder text = new StringBuilder(valid);
    for (int i = random.nextInt(4); i >= 0; i--) {
      int at = random.nextInt(text.length() + 1);
      int end = Math.min(text.length(), at + random.nextInt(12));
      String bit = BITS[random.nextInt(BITS.length)];
      switch (random.nextInt(4)) {
        case 0 -> text.insert(at, bit);
        case 1 -> text.delete(at, end);
        case 2 -> text.replace(at, end, bit);
        default -> text.insert(random.nextInt(text.length() + 1), text.substring(at, end));
      }
    }
    return text.toString();
  }
}
