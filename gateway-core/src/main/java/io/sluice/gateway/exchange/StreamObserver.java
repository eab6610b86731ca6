package io.sluice.gateway.exchange;

import io.sluice.gateway.call.CallEnd;

/**
 * Hears of the streams of one protocol, route and cluster while they are open, on the loop of each.
 * Must not throw, and not be slow: messages are told as they pass.
 */
public interface StreamObserver {
  /** Listens to nothing. */
  StreamObserver NONE =
      new StreamObserver() {
        @Override
        public void opened() {}

        @Override
        public void request(int messages, int bytes) {}

        @Override
        public void response(int messages, int bytes) {}

        @Override
        public void waits(boolean request) {}

        @Override
        public void firstMessage(long nanos) {}

        @Override
        public void ended(CallEnd end) {}
      };

  /** A stream has its route. */
  void opened();

  /** So many messages of a request have begun, and so many bytes have come. */
  void request(int messages, int bytes);

  /** So many messages of a response have begun, and so many bytes have come. */
  void response(int messages, int bytes);

  /** The request, or else the response, has to wait for its rate, and had not before. */
  void waits(boolean request);

  /** The first message of a response has come so long after the head of its request. */
  void firstMessage(long nanos);

  /** A stream that was {@link #opened} is over. */
  void ended(CallEnd end);
}
