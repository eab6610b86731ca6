package io.sluice.testkit;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Outcome;
import io.sluice.api.Status;
import io.sluice.gateway.call.CallEnd;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.cli.PluginSettings;

/** Filters and what they are shown, for tests that call hooks themselves. */
public final class TestFilters {
  private TestFilters() {}

  /**
   * Makes a filter as the gateway does: reads the settings, checks them, fills in defaults. It is
   * not started.
   *
   * @param settings as they stand behind {@code with:} in the file, such as {@code callers:
   *     [mallory]}; empty for none
   * @throws IllegalArgumentException if they do not fit; the message says every fault with its
   *     place
   */
  public static Filter make(FilterFactory<?> factory, String settings) {
    return new PluginSettings("settings", settings).make(factory);
  }

  /**
   * How a call ended, to be shown to {@link Filter#onEnd} and {@link Filter#onComplete}.
   *
   * @param call of {@link Request#toCall}
   */
  public static Outcome outcome(Call call, Status status) {
    if (call instanceof RpcCall ours) {
      return CallEnd.of(ours, status);
    }
    throw new IllegalArgumentException("a call that Request.toCall() has not made: " + call);
  }
}
