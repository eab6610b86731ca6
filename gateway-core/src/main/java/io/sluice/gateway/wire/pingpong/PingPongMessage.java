package io.sluice.gateway.wire.pingpong;

import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.call.MessageHead;
import org.jspecify.annotations.Nullable;

/**
 * The head of a ping-pong message that was read. {@link #describe} fills in a {@link MessageHead}.
 *
 * @param framing one of the ping-pong protocols
 * @param codec of the message
 * @param flags of the TTHeader, else 0
 * @param callId sequence id of the TTHeader, by which multiplexed calls are told apart; without a
 *     TTHeader, that of the payload
 * @param headers of the TTHeader or mesh header, or null without one
 * @param type Thrift message type, which Kitex Protobuf uses too
 * @param method never empty
 * @param seqId of the payload, which is the one that counts
 * @param bodyLength bytes of the struct or message behind the head
 * @param headLength bytes of the message's own head
 */
public record PingPongMessage(
    Protocol framing,
    Codec codec,
    int flags,
    int callId,
    @Nullable Headers headers,
    int type,
    String method,
    int seqId,
    long bodyLength,
    int headLength) {

  /** Puts this into the neutral form; the bytes named there stand in front of the first part. */
  public void describe(MessageHead head) {
    head.codec = codec;
    head.type = type;
    head.seqId = seqId;
    head.bodyLength = bodyLength;
    head.headAhead = headLength;
    head.lengthAhead = hasFrameLength();
  }

  /** Bytes of the message, frame length included, that stand in front of the first part. */
  public int ahead() {
    return headLength + (hasFrameLength() ? 4 : 0);
  }

  boolean hasFrameLength() {
    return framing != Protocol.TTHEADER && framing != Protocol.BUFFERED;
  }
}
