package io.sluice.plugins.accesslog;

import io.sluice.api.AccessLogSink;

/** Where batches go. Used by one thread. */
interface BatchSink {

  /**
   * Writes a batch, which is gone when this returns.
   *
   * @throws Exception if the lines are lost
   */
  void write(Batch batch) throws Exception;

  /** None come any more. */
  void stop();

  /** One that a plugin brings: it gets arrays to keep. */
  static BatchSink of(AccessLogSink sink) {
    return new BatchSink() {
      @Override
      public void write(Batch batch) throws Exception {
        sink.write(batch.copy());
      }

      @Override
      public void stop() {
        sink.stop();
      }
    };
  }
}
