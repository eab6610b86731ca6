package io.sluice.gateway.cli;

import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.ConfigException;
import io.sluice.gateway.config.ListenerConfig;
import io.sluice.gateway.config.ListenerConfig.Serves;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code sluice plugin list}: the plugins of a gateway that runs, as its admin page tells them. */
@Command(
    name = "list",
    description = "List the plugins of a gateway that runs.",
    mixinStandardHelpOptions = true)
final class ListPluginsCommand implements Callable<Integer> {
  private static final int FAILED = 1;
  private static final int PATIENCE_SECONDS = 10;
  private static final int HASH_SHOWN = 12;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-a", "--admin"},
      paramLabel = "HOST:PORT",
      converter = CallCommand.AddressConverter.class,
      description =
          "The gateway's admin listener (default: that of --config, else 127.0.0.1:9901).")
  private @Nullable Address admin;

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      description = "The configuration by which the gateway runs.")
  private @Nullable Path config;

  @Mixin private PluginsOption plugins;

  @Override
  public Integer call() {
    PrintWriter err = spec.commandLine().getErr();
    Address address;
    try {
      address = address();
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return FAILED;
    }
    if (address == null) {
      err.println(config + " has no admin listener with a port: give --admin");
      return FAILED;
    }
    try {
      print(page(address));
      return 0;
    } catch (ExecutionException e) {
      err.println("cannot ask " + address + ": " + e.getCause().getMessage());
    } catch (TimeoutException e) {
      err.println("cannot ask " + address + ": no answer in " + PATIENCE_SECONDS + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (DecodeException | ClassCastException e) {
      err.println("at " + address + " there is no page about plugins");
    }
    return FAILED;
  }

  /** Null if the configuration has none. */
  private @Nullable Address address() {
    if (admin != null) {
      return admin;
    }
    if (config == null) {
      return Address.parse("127.0.0.1:9901");
    }
    return ConfigFile.load(config, plugins.folder()).model().listeners().values().stream()
        .filter(listener -> listener.serves() == Serves.ADMIN && listener.address().port() > 0)
        .map(ListenerConfig::address)
        .findFirst()
        .orElse(null);
  }

  private static JsonArray page(Address address)
      throws ExecutionException, TimeoutException, InterruptedException {
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
    HttpClient client = vertx.createHttpClient(); // kept: one that is garbage closes itself
    try {
      Buffer page =
          client
              .request(HttpMethod.GET, address.port(), address.host(), "/plugins")
              .compose(request -> request.send().compose(response -> response.body()))
              .toCompletionStage()
              .toCompletableFuture()
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      JsonArray plugins = new JsonObject(page).getJsonArray("plugins");
      if (plugins == null) {
        throw new DecodeException();
      }
      return plugins;
    } finally {
      client.close().await();
      vertx.close().await();
    }
  }

  private void print(JsonArray all) {
    Table table =
        new Table("id", "version", "generation", "calls", "hash", "state", "jar", "reason");
    for (int i = 0; i < all.size(); i++) {
      JsonObject plugin = all.getJsonObject(i);
      String hash = text(plugin, "sha256");
      table.add(
          text(plugin, "id"),
          text(plugin, "version"),
          text(plugin, "generation"),
          text(plugin, "calls"),
          hash.substring(0, Math.min(HASH_SHOWN, hash.length())),
          text(plugin, "state"),
          text(plugin, "jar"),
          text(plugin, "reason"));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table);
    out.flush();
  }

  /** What another program says, so without what would move a terminal's cursor. */
  private static String text(JsonObject plugin, String key) {
    Object value = plugin.getValue(key);
    return value == null ? "" : value.toString().replaceAll("\\p{Cntrl}+", " ");
  }
}
