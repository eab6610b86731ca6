package io.sluice.gateway.call;

import io.netty.buffer.ByteBuf;

/**
 * What a proxy in front of a downstream says beside a stream of ttstream: a META frame.
 *
 * @param headers its keys, less those that every frame has
 * @param payload handed over with the record; may be empty
 */
public record Aside(Headers headers, ByteBuf payload) {

  /** Bytes that count for it until it has been passed on. */
  public int size() {
    return headers.footprint() + Weight.of(payload, true);
  }
}
