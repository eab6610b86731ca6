package io.sluice.demo;

import io.sluice.gateway.config.ConfigSource;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;
import java.util.regex.Pattern;

/**
 * The demo's configuration file. Its text is what the gateway loads; only the ports in it can be
 * moved, all of them together.
 */
final class DemoConfig {
  private static final Pattern PORT = Pattern.compile("(?<=127\\.0\\.0\\.1:)\\d{1,5}");

  private final Path file;
  private final String text;

  /** Where each port of the file has gone. */
  private final IntUnaryOperator moved;

  private DemoConfig(Path file, String text, IntUnaryOperator moved) {
    this.file = file;
    this.text = text;
    this.moved = moved;
  }

  static DemoConfig read(Path file) throws CannotStart {
    try {
      return new DemoConfig(file, Files.readString(file), IntUnaryOperator.identity());
    } catch (IOException e) {
      throw new CannotStart("cannot read " + file + ": " + e.getClass().getSimpleName());
    }
  }

  Path file() {
    return file;
  }

  /** The file, as it is from time to time, on these ports. */
  ConfigSource source(Vertx vertx) {
    return new ConfigSource(vertx, file, this::onItsPorts);
  }

  private String onItsPorts(String ofFile) {
    return PORT.matcher(ofFile)
        .replaceAll(match -> Integer.toString(moved.applyAsInt(Integer.parseInt(match.group()))));
  }

  /** The ports of this machine that it names. */
  private SortedSet<Integer> ports() {
    SortedSet<Integer> ports = new TreeSet<>();
    PORT.matcher(onItsPorts(text))
        .results()
        .forEach(match -> ports.add(Integer.parseInt(match.group())));
    return ports;
  }

  /** The same, with {@code base} in place of the lowest port, and the others as far above it. */
  DemoConfig movedTo(int base) throws CannotStart {
    SortedSet<Integer> ports = ports();
    int shift = ports.isEmpty() ? 0 : base - ports.first();
    if (base < 1 || !ports.isEmpty() && ports.last() + shift > 65_535) {
      throw new CannotStart("--port-base " + base + " does not leave all ports within 1 to 65535");
    }
    return new DemoConfig(file, text, port -> port + shift);
  }

  /** The same on ports that are free now. */
  DemoConfig movedToFreePorts() throws CannotStart {
    Map<Integer, Integer> free = new HashMap<>();
    Map<Integer, ServerSocket> held = new HashMap<>();
    try {
      for (int port : ports()) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        held.put(port, socket);
        free.put(port, socket.getLocalPort());
      }
      for (ServerSocket socket : held.values()) {
        socket.close();
      }
    } catch (IOException e) {
      throw new CannotStart("no free ports: " + e.getMessage());
    }
    return new DemoConfig(file, text, port -> free.getOrDefault(port, port));
  }

  /** Finds a taken port before anything is started, so that the user learns which one it is. */
  void requireFreePorts() throws CannotStart {
    for (int port : ports()) {
      try {
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
      } catch (IOException e) {
        throw new CannotStart(
            "port "
                + port
                + " of 127.0.0.1 cannot be had ("
                + e.getMessage()
                + "); choose other ports with --port-base, for example --port-base 28880");
      }
    }
  }
}
