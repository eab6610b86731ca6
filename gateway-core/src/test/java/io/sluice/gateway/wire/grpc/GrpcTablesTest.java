package io.sluice.gateway.wire.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.api.Status;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GrpcTablesTest {

  @ParameterizedTest
  @CsvSource({
    "1n, 1",
    "0n, 1",
    "0H, 1",
    "250m, 250000000",
    "1999320u, 1999320000",
    "99999999S, 99999999000000000",
    "1M, 60000000000",
    "1H, 3600000000000",
    "99999999H, 9223372036854775807",
  })
  void readsATimeout(String text, long nanos) {
    assertThat(GrpcTimeout.parse(text)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "m", "10", "-1m", "+1m", "1 m", " 1m", "1h", "1s", "999999999n", "1.5S", "١m"})
  void refusesATimeout(String text) {
    assertThat(GrpcTimeout.parse(text)).isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0n",
    "1, 1n",
    "99999999, 99999999n",
    "100000000, 100000u",
    "100000001, 100001u",
    "99999999000, 99999999u",
    "99999999001, 100000m",
    "100000000000, 100000m",
    "9223372036854775807, 2562048H",
  })
  void writesATimeout(long nanos, String text) {
    String written = GrpcTimeout.format(nanos);
    assertThat(written.length()).isLessThanOrEqualTo(9);
    assertThat(written).isEqualTo(text);
  }

  @Test
  void aTimeoutIsNeverShortenedAndHardlyLengthened() {
    Random random = new Random(3);
    for (int i = 0; i < 10_000; i++) {
      long nanos = random.nextLong() >>> 1 + random.nextInt(62);
      long read = GrpcTimeout.parse(GrpcTimeout.format(nanos));
      assertThat(read).isGreaterThanOrEqualTo(nanos);
      // 8 digits in the finest unit that fits; steps between units are up to 1000.
      assertThat(read - nanos).isLessThanOrEqualTo(Math.max(1, nanos / 1000));
      if (nanos <= TimeUnit.MICROSECONDS.toNanos(99_999)) {
        assertThat(read).isEqualTo(Math.max(1, nanos));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "plain text, plain text",
    "100%, 100%25",
    "a%20b, a%2520b",
    "é, %C3%A9",
    "世, %E4%B8%96",
    "😀, %F0%9F%98%80",
  })
  void percentCodesAMessage(String text, String wire) {
    assertThat(GrpcStatus.encodeMessage(text)).isEqualTo(wire);
    assertThat(GrpcStatus.decodeMessage(wire)).isEqualTo(text);
  }

  @Test
  void percentCodesControlCharacters() {
    assertThat(GrpcStatus.encodeMessage("a\r\nb\u0000\u007f")).isEqualTo("a%0D%0Ab%00%7F");
  }

  @ParameterizedTest
  @CsvSource({"%, %", "a%, a%", "%4, %4", "%zz, %zz", "%e4%b8%96, 世", "50%-60%20, '50%-60 '"})
  void readsWhatOthersWrite(String wire, String text) {
    assertThat(GrpcStatus.decodeMessage(wire)).isEqualTo(text);
  }

  @Test
  void everyTextSurvives() {
    Random random = new Random(5);
    for (int i = 0; i < 2000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(40); n > 0; n--) {
        int point = random.nextInt(4) == 0 ? random.nextInt(0xD800) : random.nextInt(128);
        text.appendCodePoint(point);
      }
      String wire = GrpcStatus.encodeMessage(text.toString());
      assertThat(wire.chars()).allMatch(c -> c >= ' ' && c < 0x7f);
      assertThat(GrpcStatus.decodeMessage(wire)).isEqualTo(text.toString());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/a.b.S/M, a.b, S, M",
    "/S/M, '', S, M",
    "S/M, '', S, M",
    "/a/b/M, '', a/b, M",
    "/a.b/c.D/M, a.b/c, D, M",
    "/.S/M, '', S, M",
    "//M, '', '', M",
  })
  void readsAPath(String path, String packageName, String service, String method) {
    assertThat(GrpcPath.parse(path)).isEqualTo(new GrpcPath(packageName, service, method));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/", "/M", "M", "/a.b.S/", "//"})
  void refusesAPathWithoutAMethod(String path) {
    assertThat(GrpcPath.parse(path)).isNull();
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void everyEndHasANumberOfGrpc(Status.Code code) {
    int number = GrpcStatus.number(new Status(code, 0, ""), false);
    assertThat(number).isBetween(0, 16);
    assertThat(number == 0).isEqualTo(code == Status.Code.OK || code == Status.Code.GRPC);
  }

  @ParameterizedTest
  @CsvSource({
    "1,12", "2,3", "3,12", "4,13", "5,13", "6,13", "7,13", "8,12", "9,12", "10,12", "20,12", "21,3",
    "0,2", "4711,2", "-1,2"
  })
  void aThriftExceptionHasANumberOfGrpc(int type, int number) {
    assertThat(GrpcStatus.number(Status.exception(type, ""), false)).isEqualTo(number);
  }

  @ParameterizedTest
  @CsvSource({"1,1", "6,6", "20,20", "4711,4711", "0,2", "-1,2"})
  void rawItIsItsOwnNumber(int type, int number) {
    assertThat(GrpcStatus.number(Status.exception(type, ""), true)).isEqualTo(number);
  }

  @Test
  void rawOnlyAnUnknownServiceOfTheGatewaysOwnEndsIsAnother() {
    for (Status.Code code : Status.Code.values()) {
      Status status = new Status(code, 0, "");
      assertThat(GrpcStatus.number(status, true))
          .isEqualTo(code == Status.Code.UNKNOWN_SERVICE ? 20 : GrpcStatus.number(status, false));
    }
  }

  @ParameterizedTest
  @CsvSource({"8,1", "7,14", "11,8", "3,8", "12,7", "1000,14", "2,13", "0,13", "4294967295,13"})
  void aResetHasAMeaning(long errorCode, int number) {
    assertThat(GrpcStatus.ofReset(errorCode).number()).isEqualTo(number);
  }

  @ParameterizedTest
  @CsvSource({
    "400,13", "401,16", "403,7", "404,12", "429,14", "502,14", "503,14", "504,14", "200,2"
  })
  void anHttpStatusHasAMeaning(int http, int number) {
    assertThat(GrpcStatus.ofHttp(http).number()).isEqualTo(number);
  }
}
