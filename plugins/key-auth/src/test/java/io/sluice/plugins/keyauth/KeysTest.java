package io.sluice.plugins.keyauth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.sluice.api.Secret;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a file of keys may look like, and which key finds whom. */
class KeysTest {
  /** As {@code printf %s KEY | sha256sum} says. */
  private static final String OF_ALPHA =
      "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8";

  private static final String OF_EMPTY =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  private static final Keys NONE = Keys.of(List.of());

  private static Keys read(String text) {
    return NONE.with(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aKeyIsFoundByItsDigest() {
    Keys keys = Keys.of(List.of(new KeySetting(Secret.of(OF_ALPHA.toUpperCase()), "web")));
    assertThat(keys.identity("alpha")).isEqualTo("web");
    assertThat(keys.identity("alpha ")).isNull();
    assertThat(keys.identity(OF_ALPHA)).isNull();
    assertThat(keys.identity("")).isNull();
  }

  @Test
  void aFileHasALineForEachKey() {
    Keys keys = read("# ours\n\n" + OF_ALPHA + "  web\r\n \t" + OF_EMPTY + "\tnobody@x \n");
    assertThat(keys.size()).isEqualTo(2);
    assertThat(keys.identity("alpha")).isEqualTo("web");
    assertThat(keys.identity("")).isEqualTo("nobody@x");
    assertThat(read("").size()).isZero();
  }

  @Test
  void aFileStandsBesideTheConfiguration() {
    Keys own = Keys.of(List.of(new KeySetting(Secret.of(OF_EMPTY), "own")));
    Keys both = own.with((OF_ALPHA + " web").getBytes(StandardCharsets.UTF_8));
    assertThat(both.identity("")).isEqualTo("own");
    assertThat(both.identity("alpha")).isEqualTo("web");
    assertThat(own.size()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "my-secret-key web",
        "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8",
        "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8 two words",
        "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f web",
      })
  void aLineThatIsNoneIsToldByItsNumberAndNotShown(String line) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("\n" + line + "\n"))
        .withMessage("line 2: write the SHA-256 of a key in hexadecimal, a space, an identity");
  }

  @Test
  void aKeyIsThereOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(OF_ALPHA + " web\n" + OF_ALPHA + " app"))
        .withMessage("line 2: this key is there already");
    KeySetting web = new KeySetting(Secret.of(OF_ALPHA), "web");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Keys.of(List.of(web, web)))
        .withMessage("keys: 'web' has a key twice");
  }

  @Test
  void bytesThatAreNoTextAreNoFileOfKeys() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NONE.with(new byte[] {(byte) 0xff, 0}))
        .withMessage("it is no text in UTF-8");
  }

  @Test
  void sizesAreBounded() {
    String longest = "k".repeat(Keys.MAX_KEY);
    Keys keys = read("0".repeat(64) + " x");
    assertThat(keys.identity(longest)).isNull();
    assertThat(keys.identity(longest + "k")).isNull();
    StringBuilder many = new StringBuilder();
    for (int i = 0; i <= Keys.MAX_KEYS; i++) {
      many.append(String.format("%064x x%n", i));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(many.toString()))
        .withMessage("it has more than 100000 keys");
  }
}
