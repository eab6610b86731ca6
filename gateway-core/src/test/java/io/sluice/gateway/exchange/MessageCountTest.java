package io.sluice.gateway.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages are counted right in whatever parts they pass. */
class MessageCountTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 100, 5000, 1_000_000})
  void prefixedMessagesInPartsOfAnySize(int most) {
    Random random = new Random(most);
    ByteBuf all = Unpooled.buffer();
    int messages = 300;
    int largest = 0;
    for (int i = 0; i < messages; i++) {
      int size = random.nextInt(4) == 0 ? 0 : random.nextInt(2000);
      byte[] body = new byte[size];
      random.nextBytes(body);
      all.writeByte(random.nextInt(2)).writeInt(size).writeBytes(body);
      largest = Math.max(largest, size);
    }
    MessageCount count = new MessageCount(true);
    int begun = 0;
    while (all.isReadable()) {
      int size = 1 + random.nextInt(Math.min(most, all.readableBytes()));
      ByteBuf part = all.readSlice(size);
      begun += count.pass(part, false);
      assertThat(part.readableBytes()).isEqualTo(size);
    }
    assertThat(begun).isEqualTo(messages);
    assertThat(count.largest()).isEqualTo(largest);
  }

  @Test
  void aPrefixSaysTheWholeLengthThoughNothingFollows() {
    MessageCount count = new MessageCount(true);
    ByteBuf huge = Unpooled.buffer().writeByte(0).writeInt(-1);
    assertThat(count.pass(huge, false)).isEqualTo(1);
    assertThat(count.largest()).isEqualTo(0xFFFF_FFFFL);
  }

  @Test
  void messagesWhoseEndIsTold() {
    MessageCount count = new MessageCount(false);
    assertThat(count.pass(Unpooled.wrappedBuffer(new byte[10]), true)).isEqualTo(1);
    assertThat(count.pass(Unpooled.EMPTY_BUFFER, true)).isEqualTo(1);
    assertThat(count.pass(Unpooled.wrappedBuffer(new byte[9]), false)).isEqualTo(1);
    assertThat(count.pass(Unpooled.wrappedBuffer(new byte[9]), false)).isZero();
    assertThat(count.pass(Unpooled.wrappedBuffer(new byte[1]), true)).isZero();
    assertThat(count.largest()).isEqualTo(19);
    assertThat(count.pass(Unpooled.wrappedBuffer(new byte[1]), true)).isEqualTo(1);
  }
}
