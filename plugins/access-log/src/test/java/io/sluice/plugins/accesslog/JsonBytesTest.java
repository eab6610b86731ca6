package io.sluice.plugins.accesslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.Json;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written reads as what it was. */
class JsonBytesTest {
  /** Small, so that it grows. */
  private final JsonBytes json = new JsonBytes(1);

  private String written() {
    String written = new String(json.array(), 0, json.length(), StandardCharsets.UTF_8);
    json.cut(0);
    return written;
  }

  @Test
  void everyLetterIsWhatItWas() {
    for (int letter = 0; letter <= Character.MAX_CODE_POINT; letter += letter < 0x10000 ? 1 : 251) {
      if (letter < Character.MIN_SURROGATE || letter > Character.MAX_SURROGATE) {
        String text = "a" + Character.toString(letter) + "z";
        json.string(text);
        String written = written();
        if (!written.equals('"' + text + '"')) { // escaped, which another library is to understand
          assertThat(Json.decodeValue(written)).isEqualTo(text);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, '\n', 0x1b, 0x1f, 0x7f, 0x85, 0x9b, 0x2028, 0x2029})
  void whatIsNotToStandThereDoesNot(int letter) {
    json.string("a" + Character.toString(letter) + "z");
    assertThat(written()).isEqualTo("\"a\\u%04xz\"".formatted(letter));
  }

  @Test
  void halfALetterIsAQuestionMark() {
    json.string("\ud83d,\ude00,\ude00\ud83d,\ud83d\ude00\ud83d");
    assertThat(written()).isEqualTo("\"?,?,??,\ud83d\ude00?\"");
  }

  @Test
  void theRoomOfABurstIsNotKept() {
    json.string("a".repeat(2 << 20));
    json.cut(0);
    assertThat(json.array()).hasSizeLessThan(1 << 20);
    json.string("a".repeat(1000));
    json.cut(0);
    assertThat(json.array()).hasSizeGreaterThan(1000);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        9,
        10,
        -1,
        99,
        100,
        -100,
        999,
        1000,
        9_999,
        10_000,
        Integer.MIN_VALUE,
        1234567890123456789L,
        Long.MAX_VALUE,
        Long.MIN_VALUE
      })
  void aNumberIsWhatItWas(long number) {
    json.string("");
    json.number(number);
    json.string("");
    assertThat(written()).isEqualTo("\"\"" + number + "\"\"");
  }
}
