package io.sluice.plugins.accesslog;

import io.sluice.api.BizStatus;
import io.sluice.api.Outcome;
import io.sluice.api.Outcome.Party;
import io.sluice.api.Status;
import java.util.Arrays;

/** How a call ended. Used by one thread at a time. */
final class EndFields {
  /** Letters of a status' text that are written at most. */
  static final int MAX_TEXT = 512;

  private static final byte[][] STATUSES = JsonBytes.fields("status", Status.Code.values());
  private static final byte[] STATUS_NUMBER = JsonBytes.key("statusNumber");
  private static final byte[] STATUS_TEXT = JsonBytes.key("statusText");
  private static final byte[] BUSINESS_CODE = JsonBytes.key("businessCode");
  private static final byte[][] PARTIES = JsonBytes.fields("endedBy", Party.values());
  private static final byte[] FILTER = JsonBytes.key("filter");

  /** Those of calls that went well and of which there is no more to say, by who has ended them. */
  private static final byte[][] WELL =
      Arrays.stream(PARTIES).map(EndFields::well).toArray(byte[][]::new);

  private static byte[] well(byte[] party) {
    JsonBytes json = new JsonBytes(64);
    json.raw(STATUSES[Status.Code.OK.ordinal()]);
    json.raw(party);
    return json.copy(0);
  }

  /**
   * The fields of this end.
   *
   * @param own where they are written, behind what is there, if they are not known
   */
  byte[] of(Outcome outcome, JsonBytes own) {
    Status status = outcome.status();
    if (status.isOk()
        && status.text().isEmpty()
        && outcome.bizStatus() == null
        && outcome.filter().isEmpty()) {
      return WELL[outcome.endedBy().ordinal()];
    }
    int from = own.length();
    write(status, outcome, own);
    return own.copy(from);
  }

  private static void write(Status status, Outcome outcome, JsonBytes to) {
    to.raw(STATUSES[status.code().ordinal()]);
    if (status.code() == Status.Code.EXCEPTION || status.code() == Status.Code.GRPC) {
      to.field(STATUS_NUMBER, status.number());
    }
    to.field(STATUS_TEXT, status.text(), MAX_TEXT);
    BizStatus business = outcome.bizStatus();
    if (business != null) {
      to.field(BUSINESS_CODE, business.code());
    }
    to.raw(PARTIES[outcome.endedBy().ordinal()]);
    to.field(FILTER, outcome.filter(), KnownFields.MAX_NAME);
  }
}
