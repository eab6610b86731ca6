package io.sluice.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Glob;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class GlobTest {
  private static final Random RANDOM = new Random(4);

  /** All names of up to six letters a and b. */
  private static final List<String> NAMES = names(6);

  private static List<String> names(int length) {
    List<String> names = new ArrayList<>(List.of(""));
    for (int from = 0, i = 0; i < length; i++) {
      int end = names.size();
      for (; from < end; from++) {
        names.add(names.get(from) + "a");
        names.add(names.get(from) + "b");
      }
    }
    return names;
  }

  private static Glob random() {
    StringBuilder text = new StringBuilder();
    for (int n = 1 + RANDOM.nextInt(5); n > 0; n--) {
      text.append("ab*?".charAt(RANDOM.nextInt(4)));
    }
    return Glob.parse(text.toString());
  }

  @Test
  void fitsAsTheRegularExpressionDoes() {
    for (int i = 0; i < 500; i++) {
      Glob glob = random();
      Pattern regex = Pattern.compile(glob.toString().replace("*", ".*").replace("?", "."));
      for (String name : NAMES) {
        assertThat(glob.fits(name))
            .as("%s: %s", glob, name)
            .isEqualTo(regex.matcher(name).matches());
      }
    }
  }

  @Test
  void aPackageStandsBeforeTheNameWithADot() {
    for (String text : List.of("shop.Cart", "shop.*", "*.Cart", "s?op.C*t", "*", "shop?Cart")) {
      assertThat(Glob.parse(text).fits("shop", "Cart")).as(text).isTrue();
    }
    for (String text : List.of("Cart", "shopCart", "shop.", "shop.Car", "hop.*", "??")) {
      assertThat(Glob.parse(text).fits("shop", "Cart")).as(text).isFalse();
    }
    assertThat(Glob.parse("Cart").fits("", "Cart")).isTrue();
    assertThat(Glob.parse(".Cart").fits("", "Cart")).isFalse();
    assertThat(Glob.parse("a.b").fits("a", "b")).isTrue();
    assertThat(Glob.parse("a.").fits("a", "")).isTrue();
  }

  @Test
  void meetsIfThereIsANameForBoth() {
    for (int i = 0; i < 2000; i++) {
      Glob a = random();
      Glob b = random();
      boolean both = NAMES.stream().anyMatch(name -> a.fits(name) && b.fits(name));
      // Names of ten letters would be needed at most; those of six decide when they say yes.
      boolean longer = !both && names(10).stream().anyMatch(name -> a.fits(name) && b.fits(name));
      assertThat(a.meets(b)).as("%s and %s", a, b).isEqualTo(both || longer);
      assertThat(b.meets(a)).as("%s and %s", b, a).isEqualTo(a.meets(b));
    }
  }

  @Test
  void knowsWhatStandsForItself() {
    Glob glob = Glob.parse("shop.*-v?x");
    assertThat(glob.begin()).isEqualTo("shop.");
    assertThat(glob.end()).isEqualTo("x");
    assertThat(glob.literals()).isEqualTo(8);
    assertThat(glob.isLiteral()).isFalse();
    assertThat(Glob.parse("plain").isLiteral()).isTrue();
    assertThat(Glob.parse("**").fitsAll()).isTrue();
    assertThat(Glob.parse("*?").fitsAll()).isFalse();
  }

  @Test
  void takesItsTimeOnlyOnceForEachLetter() {
    assertThat(Glob.parse("*a*a*a*a*a*a*a*a*b").fits("a".repeat(4096))).isFalse();
  }
}
