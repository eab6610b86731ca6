package io.sluice.gateway.config;

import io.vertx.config.ConfigRetriever;
import io.vertx.config.ConfigRetrieverOptions;
import io.vertx.config.ConfigStoreOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.file.FileProps;
import io.vertx.core.json.JsonObject;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/** Where the configuration's text comes from: a file. Safe for all threads. */
public final class ConfigSource {
  private static final String KEY = "text";

  private final Vertx vertx;
  private final String file;
  private final String path;
  private final UnaryOperator<String> change;

  /**
   * @param file the file's name as the user gave it; a relative one is resolved against the working
   *     directory, and never looked up on the class path
   */
  public ConfigSource(Vertx vertx, Path file) {
    this(vertx, file, UnaryOperator.identity());
  }

  /**
   * @param file as above
   * @param change what becomes of the file's text, such as other ports
   */
  public ConfigSource(Vertx vertx, Path file, UnaryOperator<String> change) {
    this.vertx = vertx;
    this.change = change;
    this.file = file.toString();
    this.path = file.toAbsolutePath().toString();
  }

  /** The file's name, as the user gave it and as faults tell it. */
  public String name() {
    return file;
  }

  /**
   * Reads the file as it is now.
   *
   * @return the text; fails with {@link ConfigException} if there is no such file, if it cannot be
   *     read, or if it is larger than 4 MiB
   */
  public Future<String> read() {
    return vertx
        .fileSystem()
        .props(path)
        .compose(this::retrieve)
        .recover(cause -> Future.failedFuture(explain(cause)));
  }

  private Future<String> retrieve(FileProps props) {
    if (!props.isRegularFile()) {
      return refuse(props.isDirectory() ? "is a directory" : "is not a plain file", "");
    }
    if (props.size() > YamlReader.MAX_LENGTH) {
      return refuse(
          "has " + props.size() + " bytes", "at most " + YamlReader.MAX_LENGTH + " are read");
    }
    ConfigRetriever retriever = ConfigRetriever.create(vertx, options());
    return retriever
        .getConfig()
        .map(config -> change.apply(config.getString(KEY)))
        .eventually(retriever::close);
  }

  private ConfigRetrieverOptions options() {
    ConfigStoreOptions store =
        new ConfigStoreOptions()
            .setType("file")
            .setFormat("raw")
            .setConfig(
                new JsonObject().put("path", path).put("raw.key", KEY).put("raw.type", "string"));
    return new ConfigRetrieverOptions()
        .setIncludeDefaultStores(false)
        .setScanPeriod(-1)
        .addStore(store);
  }

  private <T> Future<T> refuse(String what, String right) {
    return Future.failedFuture(refusal(what, right));
  }

  private ConfigException refusal(String what, String right) {
    return new ConfigException(List.of(Fault.ofFile(file, what, right)));
  }

  private ConfigException explain(Throwable cause) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof ConfigException told) {
        return told;
      }
      if (t instanceof NoSuchFileException) {
        return refusal("there is no such file", "");
      }
      if (t instanceof AccessDeniedException) {
        return refusal("reading it is not allowed", "");
      }
    }
    return refusal("cannot be read", String.valueOf(cause.getMessage()));
  }
}
