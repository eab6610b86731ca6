package io.sluice.gateway.wire.ttstream;

import io.netty.buffer.ByteBuf;
import io.sluice.gateway.call.Headers;

/**
 * One frame of one stream.
 *
 * @param payload handed over with the frame; may be empty
 */
public record Frame(FrameType type, int streamId, Headers headers, ByteBuf payload) {}
