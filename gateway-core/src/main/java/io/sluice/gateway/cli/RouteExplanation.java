package io.sluice.gateway.cli;

import io.sluice.api.ByteSize;
import io.sluice.api.Protocol;
import io.sluice.gateway.OwnServices;
import io.sluice.gateway.Snapshots;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.CallMatch;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.Durations;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.sluice.gateway.config.LoadedConfig;
import io.sluice.gateway.config.LoadedRoute;
import io.sluice.gateway.config.Outbound;
import io.sluice.gateway.exchange.Exchanges;
import io.sluice.gateway.filter.FilterChain;
import io.sluice.gateway.filter.FilterPlace;
import io.sluice.gateway.filter.NamedFilter;
import io.sluice.gateway.route.Cluster;
import io.sluice.gateway.route.Route;
import io.sluice.gateway.route.RouteTable;
import io.sluice.gateway.route.Rule;
import io.sluice.gateway.route.StreamLimits;
import io.sluice.gateway.route.StreamRate;
import io.sluice.gateway.route.Verdict;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says which way a call would take, by the very table that a running gateway asks. */
final class RouteExplanation {
  private final Path file;
  private final LoadedConfig config;
  private final RouteTable table;
  private final PrintWriter out;

  RouteExplanation(Path file, LoadedConfig config, PrintWriter out) {
    this.file = file;
    this.config = config;
    this.table = Snapshots.routeTable(config);
    this.out = out;
  }

  /**
   * Prints it.
   *
   * @param others how many of the other routes to tell of, at most
   * @return whether a route takes the call, or the gateway itself answers it
   */
  boolean print(RpcCall call, int others) {
    line("call", describe(call));
    Rule rule = table.find(call);
    FilterChain entrance = table.entrances().of(call.listener());
    boolean own = rule == null && hasAdminListener() && OwnServices.take(call);
    if (rule == null) {
      line(
          "route",
          own
              ? "none: the gateway answers it itself, at its admin listener"
              : "none: the caller is told 'unknown service "
                  + call.qualifiedService()
                  + ", method "
                  + call.method()
                  + "'");
      printFilters(filters(entrance.filters(), 0, call));
    } else {
      line("route", rule.route().name() + " (" + place(rule) + ")");
      printFilters(filters(rule.route(), entrance, call));
      printMode(rule.route(), call);
      printClusters(rule.route(), call);
      printTimeouts(rule.route(), call);
    }
    printOthers(call, others);
    return rule != null || own;
  }

  private boolean hasAdminListener() {
    return config.model().listeners().values().stream()
        .anyMatch(listener -> listener.serves() == Serves.ADMIN);
  }

  private static String describe(RpcCall call) {
    return (call.service().isEmpty() ? "(no service)" : call.qualifiedService())
        + "/"
        + call.method()
        + " by "
        + call.protocol().label()
        + ", "
        + call.codec().label()
        + ", at listener "
        + call.listener()
        + (call.caller().isEmpty() ? "" : ", from " + call.caller())
        + (call.destination().isEmpty() ? "" : ", to " + call.destination());
  }

  private String place(Rule rule) {
    LoadedRoute loaded = config.routes().get(table.rules().indexOf(rule));
    return file + ":" + loaded.at().line();
  }

  private void printFilters(List<String> filters) {
    line("filters", filters.isEmpty() ? "none" : filters.get(0));
    filters.stream().skip(1).forEach(filter -> line("", filter));
  }

  /** Those before the clusters once, and then those of each cluster. */
  private List<String> filters(Route route, FilterChain entrance, RpcCall call) {
    List<String> told = new ArrayList<>();
    for (Cluster cluster : used(route)) {
      List<NamedFilter> chain = route.chains().of(entrance, cluster).filters();
      int own = config.clusterFilters().getOrDefault(cluster.name(), List.of()).size();
      told.addAll(filters(chain, told.isEmpty() ? 0 : chain.size() - own, call));
    }
    return told;
  }

  private List<String> filters(List<NamedFilter> chain, int from, RpcCall call) {
    List<String> told = new ArrayList<>();
    for (int i = from; i < chain.size(); i++) {
      FilterPlace place = chain.get(i).place();
      told.add(
          (i + 1)
              + ". "
              + chain.get(i).name()
              + " ("
              + place.origin()
              + ", "
              + file
              + ":"
              + place.line()
              + ")"
              + terms(place, call));
    }
    return told;
  }

  private static String terms(FilterPlace place, RpcCall call) {
    List<String> terms = new ArrayList<>();
    if (place.shadow()) {
      terms.add("a shadow");
    }
    if (place.open()) {
      terms.add("open on errors");
    }
    if (place.when() instanceof CallMatch when && !when.test(call)) {
      terms.add("does not see the call: " + String.join("; ", when.misses(call)));
    }
    return terms.isEmpty() ? "" : ", " + String.join(", ", terms);
  }

  /** What a call by gRPC is, which its wire does not tell. */
  private void printMode(Route route, RpcCall call) {
    if (call.protocol() == Protocol.GRPC) {
      line(
          "mode",
          switch (route.mode()) {
            case AUTO -> "auto: unary or a stream, whichever the cluster takes";
            case UNARY -> "unary, as the route says";
            case STREAM -> "stream, as the route says";
          });
    }
  }

  private void printClusters(Route route, RpcCall call) {
    Map<Cluster, Integer> weights = route.clusters().weights();
    int sum = weights.values().stream().mapToInt(Integer::intValue).sum();
    String title = "cluster";
    for (Map.Entry<Cluster, Integer> entry : weights.entrySet()) {
      String share = weights.size() == 1 ? "" : ", " + entry.getValue() + " of " + sum + " calls";
      Outbound way = route.outbound(call, entry.getKey());
      line(
          title,
          entry.getKey().name()
              + share
              + ": "
              + describe(way, call.protocol(), entry.getKey().config()));
      title = "";
    }
  }

  private static String describe(Outbound way, Protocol caller, ClusterConfig cluster) {
    Protocol protocol = way.protocol();
    if (protocol == null) {
      return "refused, " + way.refusal();
    }
    boolean unary = caller.isPingPong() || protocol.isPingPong();
    String translated = unary ? ", translated as a unary call," : ", translated as a stream,";
    return "by "
        + protocol.label()
        + (way.translates(caller) ? translated : "")
        + " to "
        + endpoints(cluster);
  }

  private static String endpoints(ClusterConfig cluster) {
    return cluster.source() != null
        ? "what '" + cluster.source().name() + "' finds"
        : cluster.endpoints().stream()
            .map(endpoint -> endpoint.address().toString())
            .collect(Collectors.joining(", "));
  }

  private void printTimeouts(Route route, RpcCall call) {
    if (route.timeoutNanos() > 0) {
      line(
          "timeout",
          format(route.timeoutNanos()) + ", the route's; an earlier one of the caller stands");
    } else {
      line("timeout", "the caller's; without one " + withoutTimeout(route, call));
    }
    if (!call.protocol().isPingPong()) {
      printLimits(route.stream());
    }
    for (Cluster cluster : used(route)) {
      line(
          "",
          Durations.format(cluster.config().connectTimeout())
              + " to connect, of cluster "
              + cluster.name());
      Duration firstByte = cluster.config().firstByteTimeout();
      if (firstByte != null && route.isUnary(call, cluster)) {
        line(
            "",
            Durations.format(firstByte)
                + " to the reply's first byte, of cluster "
                + cluster.name());
      }
    }
  }

  private static String withoutTimeout(Route route, RpcCall call) {
    List<Cluster> used = used(route);
    List<String> unary =
        used.stream().filter(cluster -> route.isUnary(call, cluster)).map(Cluster::name).toList();
    if (unary.isEmpty()) {
      return "there is none";
    }
    String own = format(Exchanges.DEFAULT_TIMEOUT_NANOS) + ", the gateway's own";
    return unary.size() == used.size()
        ? own
        : own + ", if it goes to cluster " + String.join(" or ", unary) + ", else there is none";
  }

  /** The clusters that calls of the route go to. */
  private static List<Cluster> used(Route route) {
    return route.clusters().weights().entrySet().stream()
        .filter(share -> share.getValue() > 0)
        .map(Map.Entry::getKey)
        .toList();
  }

  private void printLimits(StreamLimits limits) {
    limit("openTimeout", limits.open());
    limit("firstResponse", limits.firstResponse());
    limit("messageGap", limits.messageGap());
    limit("idle", limits.idle());
    limit("maxDuration", limits.duration());
    if (limits.message() > 0) {
      line("", new ByteSize(limits.message()) + " maxMessage of the route's streams");
    }
    rate(limits.request());
    rate(limits.response());
  }

  private void rate(@Nullable StreamRate rate) {
    if (rate != null) {
      line("", rate + ", " + rate.key() + " of the route's streams");
    }
  }

  private void limit(String key, long nanos) {
    if (nanos > 0) {
      line("", format(nanos) + " " + key + " of the route's streams");
    }
  }

  private static String format(long nanos) {
    return Durations.format(Duration.ofNanos(nanos));
  }

  private void printOthers(RpcCall call, int most) {
    List<Verdict> verdicts = table.others(call);
    for (int i = 0; i < Math.min(most, verdicts.size()); i++) {
      Rule rule = verdicts.get(i).rule();
      line(
          i == 0 ? "others" : "",
          rule.route().name()
              + " ("
              + place(rule)
              + "): "
              + String.join("; ", verdicts.get(i).reasons()));
    }
    if (verdicts.size() > most) {
      line(most == 0 ? "others" : "", "and " + (verdicts.size() - most) + " more");
    }
  }

  private void line(String title, String text) {
    out.printf("%-9s%s%n", title, text);
  }
}
