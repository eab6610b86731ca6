package io.sluice.gateway.filter;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.Outcome;
import io.sluice.api.Payload;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

/**
 * The filters of a route in their order, with one array for each hook that holds only the filters
 * that override it. Immutable.
 */
public final class FilterChain {

  /** One filter at one hook. */
  public static final class Entry {
    private final NamedFilter named;
    private final int position;

    Entry(NamedFilter named, int position) {
      this.named = named;
      this.position = position;
    }

    public Filter filter() {
      return named.filter();
    }

    public String name() {
      return named.name();
    }

    /** Its place in the whole chain, from 0. */
    public int position() {
      return position;
    }
  }

  private static final Method ON_REQUEST = hook("onRequest", Call.class);
  private static final Method ON_REQUEST_MESSAGE =
      hook("onRequestMessage", Call.class, Payload.class);
  private static final Method ON_RESPONSE = hook("onResponse", Call.class);
  private static final Method ON_RESPONSE_MESSAGE =
      hook("onResponseMessage", Call.class, Payload.class);
  private static final Method ON_END = hook("onEnd", Call.class, Outcome.class);
  private static final Method ON_COMPLETE = hook("onComplete", Call.class, Outcome.class);

  private final List<NamedFilter> filters;
  private final Entry[] request;
  private final Entry[] requestMessage;
  private final Entry[] response;
  private final Entry[] responseMessage;
  private final Entry[] end;
  private final Entry[] complete;

  private FilterChain(List<NamedFilter> filters) {
    this.filters = List.copyOf(filters);
    request = with(ON_REQUEST, false);
    requestMessage = with(ON_REQUEST_MESSAGE, false);
    response = with(ON_RESPONSE, true);
    responseMessage = with(ON_RESPONSE_MESSAGE, true);
    end = with(ON_END, true);
    complete = with(ON_COMPLETE, true);
  }

  /** A chain of these filters in this order. */
  public static FilterChain of(List<NamedFilter> filters) {
    return new FilterChain(filters);
  }

  /** This chain with more filters behind it; hooks of this one keep their index. */
  public FilterChain followedBy(List<NamedFilter> more) {
    if (more.isEmpty()) {
      return this;
    }
    List<NamedFilter> all = new ArrayList<>(filters);
    all.addAll(more);
    return new FilterChain(all);
  }

  public List<NamedFilter> filters() {
    return filters;
  }

  /** The filters with a request hook, in order. */
  public Entry[] request() {
    return request;
  }

  /** The filters that want the caller's messages, in order. */
  public Entry[] requestMessage() {
    return requestMessage;
  }

  /** The filters with a response hook, last first. */
  public Entry[] response() {
    return response;
  }

  /** The filters that want the downstream's messages, last first. */
  public Entry[] responseMessage() {
    return responseMessage;
  }

  /** The filters with an end hook, last first. */
  public Entry[] end() {
    return end;
  }

  /** The filters with a completion hook, last first. */
  public Entry[] complete() {
    return complete;
  }

  private Entry[] with(Method hook, boolean reversed) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < filters.size(); i++) {
      if (overrides(filters.get(i).filter(), hook)) {
        entries.add(reversed ? 0 : entries.size(), new Entry(filters.get(i), i));
      }
    }
    return entries.toArray(new Entry[0]);
  }

  private static boolean overrides(Filter filter, Method hook) {
    try {
      return filter
              .getClass()
              .getMethod(hook.getName(), hook.getParameterTypes())
              .getDeclaringClass()
          != Filter.class;
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Method hook(String name, Class<?>... parameters) {
    try {
      return Filter.class.getMethod(name, parameters);
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }
}
