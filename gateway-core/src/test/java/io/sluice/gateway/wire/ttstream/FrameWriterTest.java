package io.sluice.gateway.wire.ttstream;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBufAllocator;
import io.sluice.api.Status;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import org.junit.jupiter.api.Test;

class FrameWriterTest {

  @Test
  void metadataThatDoesNotFitIsRefusedAndNothingIsLeaked() {
    Headers headers = new Headers(Headers.Dialect.TTHEADER);
    for (int i = 0; i < 5; i++) {
      headers.add("k" + i, "v".repeat(65_000));
    }
    FrameWriter writer = new FrameWriter(ByteBufAllocator.DEFAULT);
    assertThatThrownBy(() -> writer.open(1, "S", "M", headers)).isInstanceOf(WireException.class);
    assertThatThrownBy(() -> writer.header(1, "M", headers)).isInstanceOf(WireException.class);
    assertThatThrownBy(() -> writer.trailer(1, "M", Status.exception(6, "boom"), null, headers))
        .isInstanceOf(WireException.class);
  }
}
