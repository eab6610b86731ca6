package io.sluice.gateway.wire.grpc;

import org.jspecify.annotations.Nullable;

/**
 * The parts of a {@code :path} as Kitex reads it: the method behind the last slash, the service
 * behind the last dot before that, the package before it.
 *
 * @param packageName may be empty
 * @param service may be empty
 */
public record GrpcPath(String packageName, String service, String method) {

  /** Reads a path; null if it names no method, or none of a service. */
  public static @Nullable GrpcPath parse(String path) {
    String text = path.startsWith("/") ? path.substring(1) : path;
    int slash = text.lastIndexOf('/');
    if (slash < 0 || slash == text.length() - 1) {
      return null;
    }
    String name = text.substring(0, slash);
    int dot = name.lastIndexOf('.');
    return new GrpcPath(
        dot < 0 ? "" : name.substring(0, dot), name.substring(dot + 1), text.substring(slash + 1));
  }
}
