package io.sluice.gateway.wire.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.wire.WireException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GunzipTest {
  private static final int MOST = 8 << 20;
  private static final int PIECE = 64 * 1024;

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  private static byte[] joined(byte[]... parts) {
    return ByteBufUtil.getBytes(Unpooled.wrappedBuffer(parts));
  }

  private static byte[] unpacked(byte[] packed, int most) {
    ByteBuf message = ByteBufAllocator.DEFAULT.buffer().writeBytes(packed);
    Gunzip gunzip = new Gunzip(ByteBufAllocator.DEFAULT, message, most);
    try {
      while (!gunzip.unpack(PIECE)) {}
    } catch (WireException e) {
      gunzip.release();
      throw e;
    }
    ByteBuf taken = gunzip.take();
    byte[] bytes = ByteBufUtil.getBytes(taken);
    taken.release();
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 255, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 1_000_000, MOST})
  void whatWasPackedComesBack(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    assertThat(unpacked(gzip(bytes), MOST)).isEqualTo(bytes);
    byte[] zeros = new byte[length];
    assertThat(unpacked(gzip(zeros), MOST)).isEqualTo(zeros);
  }

  @Test
  void noMoreThanAPieceComesAtATime() {
    ByteBuf message = Unpooled.wrappedBuffer(gzip(new byte[MOST]));
    Gunzip gunzip = new Gunzip(ByteBufAllocator.DEFAULT, message, MOST);
    int pieces = 1;
    while (!gunzip.unpack(PIECE)) {
      pieces++;
    }
    gunzip.take().release();
    assertThat(pieces).isGreaterThan(MOST / PIECE / 2);
  }

  @Test
  void ofALargerOneNothingIsTaken() {
    assertThat(unpacked(gzip(new byte[1000]), 1000)).hasSize(1000);
    assertThatThrownBy(() -> unpacked(gzip(new byte[1001]), 1000))
        .isInstanceOf(WireException.class)
        .hasMessage("a message that unpacks to more than 1000 bytes");
  }

  @Test
  void everyFieldOfTheHeaderIsSkipped() {
    byte[] plain = gzip(new byte[] {1, 2, 3});
    byte[] head = Arrays.copyOf(plain, 10);
    head[3] = 2 | 4 | 8 | 16;
    byte[] fields = {2, 0, 'e', 'x', 'n', 'a', 'm', 'e', 0, 'c', 0, 7, 7};
    byte[] packed = joined(head, fields, Arrays.copyOfRange(plain, 10, plain.length));
    assertThat(unpacked(packed, MOST)).containsExactly(1, 2, 3);
    for (int length = 0; length < packed.length; length++) {
      byte[] cut = Arrays.copyOf(packed, length);
      assertThatThrownBy(() -> unpacked(cut, MOST)).isInstanceOf(WireException.class);
    }
  }

  /** As many as there are: each is read for itself. */
  @Test
  void severalInOneAreOne() {
    byte[] empty = gzip(new byte[0]);
    byte[][] members = new byte[100_002][];
    Arrays.fill(members, empty);
    members[0] = gzip(new byte[] {1, 2});
    members[members.length - 1] = gzip(new byte[] {3});
    assertThat(unpacked(joined(members), MOST)).containsExactly(1, 2, 3);
  }

  @Test
  void whatIsDamagedIsRefused() {
    byte[] packed = gzip(new byte[] {1, 2, 3});
    for (int at : new int[] {0, 1, 2, 10, packed.length - 8, packed.length - 1}) {
      byte[] damaged = packed.clone();
      damaged[at] ^= 0x10;
      assertThatThrownBy(() -> unpacked(damaged, MOST))
          .as("byte %d", at)
          .isInstanceOf(WireException.class)
          .hasMessageContaining("no gzip");
    }
    byte[] more = joined(packed, new byte[] {0});
    assertThatThrownBy(() -> unpacked(more, MOST)).isInstanceOf(WireException.class);
  }
}
