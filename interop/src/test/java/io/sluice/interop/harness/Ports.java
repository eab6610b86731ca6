package io.sluice.interop.harness;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for what has to be told its own. */
public final class Ports {
  /** Below those that systems give to connections that ask for any. */
  private static final int FIRST = 20_000;

  private static final int LAST = 32_000;
  private static final int TRIES = 200;

  private Ports() {}

  /**
   * The first of ten ports of 127.0.0.1, one after the other, that nobody has; a multiple of 10.
   */
  public static int freeTen() {
    for (int i = 0; i < TRIES; i++) {
      int first = ThreadLocalRandom.current().nextInt(FIRST / 10, LAST / 10) * 10;
      if (areFree(first)) {
        return first;
      }
    }
    throw new IllegalStateException("no ten free ports after " + TRIES + " tries");
  }

  private static boolean areFree(int first) {
    List<ServerSocket> held = new ArrayList<>();
    boolean free = true;
    try {
      for (int port = first; port < first + 10; port++) {
        ServerSocket socket = new ServerSocket();
        held.add(socket);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      }
    } catch (IOException e) {
      free = false; // somebody has one of them
    }
    for (ServerSocket socket : held) {
      try {
        socket.close();
      } catch (IOException e) {
        free = false;
      }
    }
    return free;
  }
}
