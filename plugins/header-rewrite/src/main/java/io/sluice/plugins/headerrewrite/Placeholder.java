package io.sluice.plugins.headerrewrite;

import io.sluice.api.Call;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a value may take from a call; written in lower case between braces. */
enum Placeholder {
  SERVICE(Call::service),
  PACKAGE(Call::packageName),
  METHOD(Call::method),
  CALLER(Call::caller),
  IDENTITY(Call::identity),
  PEER(Placeholder::peer),
  PROTOCOL(call -> call.protocol().label()),
  ROUTE(Call::route),
  CLUSTER(Call::cluster),
  LISTENER(Call::listener);

  final Function<Call, String> value;

  Placeholder(Function<Call, String> value) {
    this.value = value;
  }

  /** What may be written, for those who wrote something else. */
  static String help() {
    return Arrays.stream(values())
        .map(placeholder -> "{" + placeholder.name().toLowerCase(Locale.ROOT) + "}")
        .collect(
            Collectors.joining(
                ", ", "there are ", " and {meta:KEY}; write {{ and }} for braces themselves"));
  }

  private static String peer(Call call) {
    if (!(call.peer() instanceof InetSocketAddress peer)) {
      return "";
    }
    return peer.isUnresolved() ? peer.getHostString() : peer.getAddress().getHostAddress();
  }
}
