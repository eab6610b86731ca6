package io.sluice.gateway.filter;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Payload;

/** What a filter may be asked in the course of a call. */
public enum Hook {
  REQUEST("onRequest", Call.class),
  REQUEST_MESSAGE("onRequestMessage", Call.class, Payload.class),
  RESPONSE("onResponse", Call.class),
  RESPONSE_MESSAGE("onResponseMessage", Call.class, Payload.class),
  END("onEnd", Call.class, Outcome.class),
  COMPLETE("onComplete", Call.class, Outcome.class);

  private final String method;
  private final Class<?>[] parameters;

  Hook(String method, Class<?>... parameters) {
    this.method = method;
    this.parameters = parameters;
  }

  /**
   * Whether a filter has this hook.
   *
   * @throws LinkageError if its class mentions others that are not there
   */
  boolean isOf(Filter filter) {
    try {
      return filter.getClass().getMethod(method, parameters).getDeclaringClass() != Filter.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The name of the method. */
  @Override
  public String toString() {
    return method;
  }
}
