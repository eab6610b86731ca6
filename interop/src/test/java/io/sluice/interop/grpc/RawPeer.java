package io.sluice.interop.grpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A grpc-java server or client as a process, so that it can die; the commands, and what they print,
 * are those of {@code interop/grpc-go}.
 */
final class RawPeer {
  private static final int AT_ONCE = 4;

  private RawPeer() {}

  /**
   * {@code server}, or {@code client --addr HOST:PORT [--dead …] [--dying …]}; ends when its input
   * does.
   */
  public static void main(String[] arguments) throws Exception {
    Thread orphan =
        new Thread(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                // As if it had ended.
              }
              Runtime.getRuntime().halt(0);
            });
    orphan.setDaemon(true);
    orphan.start();
    if (arguments[0].equals("server")) {
      Server server = new RawServer().start();
      System.out.println("LISTENING 127.0.0.1:" + server.getPort());
      server.awaitTermination();
    } else {
      client(List.of(arguments));
    }
  }

  private static void client(List<String> arguments)
      throws InterruptedException, ExecutionException {
    Map<RawCases.Place, ManagedChannel> channels = new EnumMap<>(RawCases.Place.class);
    for (RawCases.Place place : RawCases.Place.values()) {
      int option = arguments.indexOf(place.option());
      if (option > 0) {
        String address = arguments.get(option + 1);
        channels.put(place, NettyChannelBuilder.forTarget(address).usePlaintext().build());
      }
    }
    ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    List<Future<ObjectNode>> outcomes = new ArrayList<>();
    for (RawCases.Case one : RawCases.all()) {
      if (channels.containsKey(one.at())) {
        outcomes.add(threads.submit(() -> run(channels.get(one.at()), one)));
      }
    }
    boolean ok = true;
    StringBuilder lines = new StringBuilder();
    for (Future<ObjectNode> outcome : outcomes) {
      lines.append(outcome.get()).append('\n');
      ok &= outcome.get().path("ok").asBoolean();
    }
    // Names and texts are not all ASCII, whatever the platform's charset is.
    byte[] bytes = lines.toString().getBytes(StandardCharsets.UTF_8);
    System.out.write(bytes, 0, bytes.length);
    System.out.flush();
    Runtime.getRuntime().halt(ok ? 0 : 1);
  }

  private static ObjectNode run(ManagedChannel channel, RawCases.Case one) {
    String kind = one.name().equals("dying") ? "all" : one.kind().method();
    String id =
        String.format(
            Locale.ROOT, "java-%d-%s-%s", ProcessHandle.current().pid(), one.name(), kind);
    RawTalk talk = new RawTalk(channel, one.kind(), id);
    try {
      one.run().accept(talk);
    } catch (RuntimeException e) {
      talk.check(false, e.toString());
    }
    return talk.outcome(one.name() + ' ' + kind);
  }
}
