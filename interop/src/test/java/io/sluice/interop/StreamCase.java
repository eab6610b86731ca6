package io.sluice.interop;

import java.util.List;

/** The rows of the matrix of streams. */
enum StreamCase {
  ECHO("echo"),
  EMPTY("empty"),
  LARGE("1-mib"),
  MANY("10000-in-order"),
  EARLY_END("early-end"),
  HALF_CLOSE("half-close"),
  CANCEL("cancel"),
  DEADLINE("deadline"),
  ERROR_BEFORE("error-before"),
  ERROR_MIDSTREAM("error-midstream"),
  BUSINESS_BEFORE("biz-status-before"),
  BUSINESS_MIDSTREAM("biz-status-midstream"),
  HEADER_FIRST("header-first"),
  TRAILERS("trailers"),
  METADATA("metadata"),
  CALLER("caller-name"),
  GZIP("gzip"),
  UNKNOWN_METHOD("unknown-method"),
  UNKNOWN_SERVICE("unknown-service"),
  DEAD("dead"),
  /** With calls of all kinds at once. */
  DYING("dying");

  static final List<String> KINDS = List.of("unary", "client", "server", "bidi");

  private final String text;

  StreamCase(String text) {
    this.text = text;
  }

  /** Its name for the peers. */
  String of(String kind) {
    return text + ' ' + (this == DYING ? "all" : kind);
  }

  @Override
  public String toString() {
    return text;
  }
}
