package io.sluice.gateway.call;

import io.sluice.api.Codec;

/**
 * What is known of a message, or of a direction of a stream, before its bytes.
 *
 * <p>The bytes of a ping-pong message are handed on with their Thrift head still in front of the
 * reader index of the first part, so that an outbound leg of like framing can step back and write
 * it as it came:
 *
 * <pre>
 *   ┌───────────────┬─────────────────────────┬──────────────
 *   │ length, 4     │ version, method, seq id │ body …
 *   └───────────────┴─────────────────────────┴──────────────
 *   if lengthAhead   headAhead bytes           ▲ reader index
 * </pre>
 */
public final class MessageHead {
  /** The length of the body is not known beforehand. */
  public static final long UNKNOWN = -1;

  /** How the message is encoded. */
  public Codec codec = Codec.THRIFT;

  /** Thrift message type, 0 for streams. */
  public int type;

  /** Sequence or stream id of the leg that it came by. */
  public int seqId;

  /** Bytes of the body, or {@link #UNKNOWN}. */
  public long bodyLength = UNKNOWN;

  /** Bytes of the Thrift message head in front of the first part; 0 if there is none. */
  public int headAhead;

  /** Whether the four bytes of a frame length stand in front of that. */
  public boolean lengthAhead;

  /** The body has been replaced: nothing stands in front of it any more. */
  public void replacedBy(int length) {
    bodyLength = length;
    headAhead = 0;
    lengthAhead = false;
  }
}
