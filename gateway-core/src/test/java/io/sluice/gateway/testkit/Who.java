package io.sluice.gateway.testkit;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import io.sluice.api.Step;

/** The filter {@code who}: takes it that callers are who their metadata says under that name. */
public final class Who implements FilterFactory<Who.NoSettings>, Filter {

  /** Nothing to set. */
  public record NoSettings() {}

  @Override
  public String name() {
    return "who";
  }

  @Override
  public Class<NoSettings> settings() {
    return NoSettings.class;
  }

  @Override
  public Filter create(NoSettings settings) {
    return this;
  }

  @Override
  public Step onRequest(Call call) {
    String who = call.sent("who");
    if (who != null) {
      call.identity(who);
    }
    return Step.NEXT;
  }
}
