package io.sluice.gateway.translate;

import io.sluice.api.BizStatus;
import io.sluice.api.Status;
import io.sluice.api.Status.Code;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Ends of calls from one protocol's words into the other's. Type, number and text stay the
 * downstream's: the inbound leg finds the number that its protocol has for them. So that nothing is
 * lost on the way back through a second gateway, what that number cannot say goes beside it.
 */
final class Ends {
  /** Trailer with the Thrift exception type that a gRPC status stands for. */
  static final String EXCEPTION_TYPE = "thrift-exception-type";

  /** Backward key with the gRPC status that a Thrift exception stands for. */
  private static final String GRPC_STATUS = "grpc-status";

  /** The gRPC status of what one side of a call got wrong, and of a business status. */
  static final int INTERNAL = 13;

  private Ends() {}

  /**
   * What ended a ping-pong call or a ttstream, for a gRPC caller.
   *
   * @param before metadata of a head that the caller has not been told yet, as it came
   */
  static CallEnd toGrpc(CallEnd end, @Nullable Headers before) {
    Headers raw = end.rawTrailers();
    Headers trailers = raw.dialect() == Headers.Dialect.HTTP2 ? raw : Dialects.toHttp2(raw);
    int number = number(raw, GRPC_STATUS);
    if (before != null) {
      addAll(trailers, Dialects.toHttp2(before));
      number = number(before, GRPC_STATUS);
    }
    Status status = end.status();
    BizStatus biz = end.bizStatus();
    if (status.isOk() && biz != null) {
      status = Status.grpc(number == 0 ? INTERNAL : number, biz.message());
      trailers.add(TTHeaderKeys.BIZ_STATUS, Integer.toString(biz.code()));
      String extra = biz.extra();
      if (extra != null) {
        trailers.add(TTHeaderKeys.BIZ_EXTRA, Dialects.fieldValue(extra));
      }
      return new CallEnd(status, biz, trailers);
    }
    if (status.code() == Code.EXCEPTION) {
      if (number != 0) {
        status = Status.grpc(number, status.text());
      } else {
        trailers.add(EXCEPTION_TYPE, Integer.toString(status.number()));
      }
    }
    return new CallEnd(status, null, trailers);
  }

  /**
   * What ended a gRPC call, for a ping-pong caller or a ttstream.
   *
   * @param before metadata that the caller has not been told yet, in its own dialect
   */
  static CallEnd fromGrpc(CallEnd end, @Nullable Headers before) {
    Headers raw = end.rawTrailers();
    Headers trailers = new Headers(Headers.Dialect.TTHEADER);
    Status status = end.status();
    BizStatus biz = end.bizStatus();
    try {
      trailers = Dialects.toTtheader(raw);
      if (before != null) {
        addAll(trailers, before);
      }
    } catch (WireException e) {
      if (status.isOk()) {
        status = Status.untranslatable(e.getMessage());
      }
    }
    if (status.code() != Code.GRPC) {
      // Kitex does not look for a business status beside an OK.
      return new CallEnd(status, null, trailers);
    }
    if (biz != null) {
      if (status.number() != INTERNAL) {
        trailers.add(GRPC_STATUS, Integer.toString(status.number()));
      }
      return new CallEnd(Status.OK, biz, trailers);
    }
    int type = raw.find(EXCEPTION_TYPE);
    Integer exception = type < 0 ? null : TTHeader.decimal(raw, type);
    if (exception != null) {
      return new CallEnd(Status.exception(exception, status.text()), null, trailers);
    }
    trailers.add(GRPC_STATUS, Integer.toString(status.number()));
    return new CallEnd(status, null, trailers);
  }

  /** Adds what stands in other headers of the same dialect. */
  static void addAll(Headers to, Headers more) {
    byte[] bytes = more.array();
    for (int i = 0; i < more.count(); i++) {
      if (!more.isIntKey(i)) {
        int key = more.keyOffset(i);
        int value = more.valueOffset(i);
        to.add(
            Arrays.copyOfRange(bytes, key, key + more.keyLength(i)),
            Arrays.copyOfRange(bytes, value, value + more.valueLength(i)));
      }
    }
  }

  private static int number(Headers headers, String key) {
    int entry = headers.find(key);
    Integer number = entry < 0 ? null : TTHeader.decimal(headers, entry);
    return number == null ? 0 : number;
  }
}
