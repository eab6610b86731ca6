package io.sluice.gateway.exchange;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Step;

/**
 * Calls the hooks that all calls pass, by another call site for each of the first places of a
 * chain. Where calls take the same chain, as most do, the JIT compiler finds one filter at a site
 * and calls it straight, or takes its code in. At a site that all filters share it finds many, and
 * looks for the right one each time.
 */
final class HookSites {
  private HookSites() {}

  static Step request(int place, Filter filter, Call call) {
    return switch (place) {
      case 0 -> filter.onRequest(call);
      case 1 -> filter.onRequest(call);
      case 2 -> filter.onRequest(call);
      case 3 -> filter.onRequest(call);
      case 4 -> filter.onRequest(call);
      case 5 -> filter.onRequest(call);
      case 6 -> filter.onRequest(call);
      case 7 -> filter.onRequest(call);
      default -> filter.onRequest(call);
    };
  }

  static Step response(int place, Filter filter, Call call) {
    return switch (place) {
      case 0 -> filter.onResponse(call);
      case 1 -> filter.onResponse(call);
      case 2 -> filter.onResponse(call);
      case 3 -> filter.onResponse(call);
      case 4 -> filter.onResponse(call);
      case 5 -> filter.onResponse(call);
      case 6 -> filter.onResponse(call);
      case 7 -> filter.onResponse(call);
      default -> filter.onResponse(call);
    };
  }
}
