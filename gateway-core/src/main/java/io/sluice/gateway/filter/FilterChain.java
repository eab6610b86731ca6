package io.sluice.gateway.filter;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The filters that a call passes, in their order, with one array for each hook that holds only the
 * filters that override it. Immutable.
 */
public final class FilterChain {
  /** How many filters a chain may have. */
  public static final int MOST = 64;

  /** One filter at one hook. */
  public static final class Entry {
    private final NamedFilter named;
    private final Filter filter;
    private final Hook hook;
    private final int position;
    private final int number;
    private final long bit;
    private final boolean shadow;
    private final @Nullable Predicate<Call> when;

    Entry(NamedFilter named, Hook hook, int position) {
      this.named = named;
      this.filter = named.filter();
      this.hook = hook;
      this.position = position;
      this.number = 1 + hook.ordinal() * MOST + position;
      this.bit = 1L << position;
      this.shadow = named.place().shadow();
      this.when = named.place().when();
    }

    public Filter filter() {
      return filter;
    }

    public String name() {
      return named.name();
    }

    /** Where and how the filter is used. */
    public FilterPlace place() {
      return named.place();
    }

    public Hook hook() {
      return hook;
    }

    /** Another one for each filter and hook of a chain, from 1. */
    public int number() {
      return number;
    }

    /** Its place in the whole chain, from 0. */
    public int position() {
      return position;
    }

    /** One bit, which no other filter of the chain has. */
    public long bit() {
      return bit;
    }

    /** Whether it only says what it would do. */
    public boolean isShadow() {
      return shadow;
    }

    /** Whether calls go on if it fails. */
    public boolean isTolerated() {
      return shadow || named.place().open();
    }

    /** The calls that it sees; null for all. */
    public @Nullable Predicate<Call> when() {
      return when;
    }

    /** For logs. */
    @Override
    public String toString() {
      return named.name() + '.' + hook;
    }
  }

  private final List<NamedFilter> filters;
  private final WeakReference<FilterChain> weakly = new WeakReference<>(this);
  private final Entry[] request;
  private final Entry[] requestMessage;
  private final Entry[] response;
  private final Entry[] responseMessage;
  private final Entry[] end;
  private final Entry[] complete;

  private FilterChain(List<NamedFilter> filters) {
    if (filters.size() > MOST) {
      throw new IllegalArgumentException("a chain has at most " + MOST + " filters");
    }
    this.filters = List.copyOf(filters);
    request = entries(Hook.REQUEST, false);
    requestMessage = entries(Hook.REQUEST_MESSAGE, false);
    response = entries(Hook.RESPONSE, true);
    responseMessage = entries(Hook.RESPONSE_MESSAGE, true);
    end = entries(Hook.END, true);
    complete = entries(Hook.COMPLETE, true);
  }

  /**
   * A chain of these filters in this order.
   *
   * @throws IllegalArgumentException if they are more than {@value #MOST}
   */
  public static FilterChain of(List<NamedFilter> filters) {
    return new FilterChain(filters);
  }

  /**
   * This chain with more filters behind it; hooks of this one keep their index.
   *
   * @throws IllegalArgumentException if it has more than {@value #MOST} then
   */
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

  /** This, for those who are not to keep it; always the same. */
  public WeakReference<FilterChain> weakly() {
    return weakly;
  }

  /** The entry with this number, or null. */
  public @Nullable Entry entry(int number) {
    for (Entry[] hooks :
        List.of(request, requestMessage, response, responseMessage, end, complete)) {
      for (Entry entry : hooks) {
        if (entry.number == number) {
          return entry;
        }
      }
    }
    return null;
  }

  /** The filters with a request hook, and those that see some calls only, in order. */
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

  private Entry[] entries(Hook hook, boolean reversed) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < filters.size(); i++) {
      NamedFilter named = filters.get(i);
      // Whether a filter sees a call is found out in its turn at the request, hook or no hook.
      boolean asked = hook == Hook.REQUEST && named.place().when() != null;
      if (asked || hook.isOf(named.filter())) {
        entries.add(reversed ? 0 : entries.size(), new Entry(named, hook, i));
      }
    }
    return entries.toArray(new Entry[0]);
  }
}
