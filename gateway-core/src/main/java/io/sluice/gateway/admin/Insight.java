package io.sluice.gateway.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What the pages and services ask of the gateway. Safe for all threads. */
public interface Insight {

  /** Whether it takes calls. */
  boolean isReady();

  /** Which of its parts serve; none of them does unless it {@link #isReady}. */
  Future<Health> health();

  /** What it is made of and how it is doing, one fact a line. */
  Future<List<String>> facts();

  /** Its plugins, as the page tells them. */
  Future<JsonObject> plugins();

  /** Brings those meters up to date that are not kept so by themselves. */
  Future<Void> refresh();
}
