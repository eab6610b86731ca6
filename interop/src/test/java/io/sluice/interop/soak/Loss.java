package io.sluice.interop.soak;

import java.util.regex.Pattern;

/**
 * What a caller is told whose downstream is gone: that it has lost its connection to it, or finds
 * none. By whatever protocol, it is the whole of the text, with the protocol's own code.
 */
enum Loss {
  /** To a ping-pong caller of Kitex. */
  PING_PONG("remote or network error\\[remote\\]: %s"),
  /** To a gRPC caller of Kitex. */
  KITEX_GRPC("(?:end of stream: |remote or network error: )?rpc error: code = 14 desc = %s"),
  /** To one of grpc-go. */
  GRPC_GO("(?:end of stream: )?rpc error: code = Unavailable desc = %s"),
  /** To a ttstream caller of Kitex. */
  TTSTREAM("(?:end of stream: )?\\[ttstream error, code=12001] \\[client-side stream] %s"),
  /** In trailers. */
  TRAILERS("14 %s"),
  /** In the exception of a trailer of ttstream. */
  EXCEPTION("(?s).*%s.*");

  /** What the gateway says, see {@code docs/errors.md}. */
  private static final class Words {
    static final String UNAVAILABLE =
        "remote or network error: (?:get connection error: .*(?:Connection refused|closed at"
            + " once).*|connection to [\\w.:]+ lost|.*(?:Connection reset|Broken pipe).*)";
  }

  private final Pattern text;

  Loss(String text) {
    this.text = Pattern.compile(text.formatted(Words.UNAVAILABLE));
  }

  /** Whether the text says this and nothing else. */
  boolean isSaidBy(String said) {
    return text.matcher(said).matches();
  }
}
