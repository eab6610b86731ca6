package io.sluice.gateway.loop;

import java.util.Locale;

/** The limits that the gateway keeps by closing a connection, or by not taking it. */
public enum Limit {
  /** A listener has as many connections as it may. */
  MAX_CONNECTIONS,
  /** A peer opens connections too fast. */
  CONNECTION_RATE,
  /** A new connection does not say what it speaks. */
  FIRST_BYTES_TIMEOUT,
  /** Half a frame, and no rest. */
  FRAME_TIMEOUT,
  /** Nothing for long, and no call open. */
  IDLE_TIMEOUT,
  /** Answers wait, and the peer takes none of them. */
  WRITE_TIMEOUT,
  /** Answers wait, and the peer grants no flow-control credit of HTTP/2 for any of them. */
  WINDOW_TIMEOUT,
  /** A peer cancels too many streams, or has too many reset for its errors. */
  RESET_RATE,
  /** A peer sends too many frames that belong to no call. */
  CONTROL_RATE,
  /** One connection holds more than it may. */
  MAX_BUFFERED,
  /** All connections together hold more than they may. */
  MEMORY,
  /** What no protocol allows, lengths and counts beyond their limits included. */
  PROTOCOL;

  private final String label = name().toLowerCase(Locale.ROOT);

  /** Its name in metrics. */
  public String label() {
    return label;
  }
}
