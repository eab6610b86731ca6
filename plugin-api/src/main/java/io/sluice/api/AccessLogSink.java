package io.sluice.api;

/**
 * Where the lines of an access log go. One instance for each access log that uses it; all methods
 * run one after another, on threads that may block.
 */
public interface AccessLogSink {

  /**
   * Lines are to come.
   *
   * @param context of the access log's filter
   * @throws Exception if it cannot work; the configuration that uses it is then refused
   */
  default void start(FilterContext context) throws Exception {}

  /**
   * Takes some lines. What comes meanwhile waits, up to the access log's {@code queue}; the rest is
   * dropped and counted.
   *
   * @param lines in UTF-8, each ended by a line feed; handed over
   * @throws Exception if they are lost; they are counted as dropped, and the log says why
   */
  void write(byte[] lines) throws Exception;

  /** No lines come any more. */
  default void stop() {}
}
