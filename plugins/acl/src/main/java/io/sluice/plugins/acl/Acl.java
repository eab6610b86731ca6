package io.sluice.plugins.acl;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Status;
import io.sluice.api.Step;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks the rules in their order whether a call may go on. */
final class Acl implements Filter {
  private static final Step DENIED = Step.reject(Status.forbidden("not allowed"));

  private final Rule[] rules;
  private final Action otherwise;
  private final boolean asksForAddress;
  private FilterContext.Counter denied;

  Acl(List<Rule> rules, Action otherwise) {
    this.rules = rules.toArray(Rule[]::new);
    this.otherwise = otherwise;
    this.asksForAddress = Arrays.stream(this.rules).anyMatch(Rule::asksForAddress);
  }

  @Override
  public void start(FilterContext context) {
    denied = context.counter("acl_denied", "Calls that acl has refused.");
  }

  @Override
  public Step onRequest(Call call) {
    if (decide(call) == Action.ALLOW) {
      return Step.NEXT;
    }
    denied.add(1);
    return DENIED;
  }

  private Action decide(Call call) {
    InetAddress from = asksForAddress ? address(call.peer()) : null;
    long high = from == null ? 0 : Address.high(from);
    long low = from == null ? 0 : Address.low(from);
    for (Rule rule : rules) {
      if (rule.isFor(call, from != null, high, low)) {
        return rule.action;
      }
    }
    return otherwise;
  }

  private static @Nullable InetAddress address(SocketAddress peer) {
    return peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
  }
}
