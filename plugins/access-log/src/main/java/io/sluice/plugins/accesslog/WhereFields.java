package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import io.sluice.api.Protocol;
import org.jspecify.annotations.Nullable;

/** Where a call goes. */
final class WhereFields extends KnownFields<WhereFields.Where> {
  private static final byte[] ROUTE = JsonBytes.key("route");
  private static final byte[] CLUSTER = JsonBytes.key("cluster");
  private static final byte[] OUTBOUND = JsonBytes.key("outbound");
  private static final byte[] ENDPOINT = JsonBytes.key("endpoint");

  record Where(String route, String cluster, @Nullable Protocol outbound, String endpoint) {}

  WhereFields() {
    super(128);
  }

  @Override
  int hash(Call call) {
    return 31 * call.endpoint().hashCode() + call.route().hashCode();
  }

  @Override
  boolean isOf(Where where, Call call) {
    return where.outbound == call.outboundProtocol()
        && same(where.route, call.route())
        && same(where.cluster, call.cluster())
        && same(where.endpoint, call.endpoint());
  }

  @Override
  Where keyOf(Call call) {
    return new Where(call.route(), call.cluster(), call.outboundProtocol(), call.endpoint());
  }

  @Override
  int letters(Call call) {
    return call.route().length() + call.cluster().length() + call.endpoint().length();
  }

  @Override
  void write(Call call, JsonBytes to) {
    Protocol outbound = call.outboundProtocol();
    to.field(ROUTE, call.route(), MAX_NAME);
    to.field(CLUSTER, call.cluster(), MAX_NAME);
    to.field(OUTBOUND, outbound == null ? "" : outbound.label(), MAX_NAME);
    to.field(ENDPOINT, call.endpoint(), MAX_NAME);
  }
}
