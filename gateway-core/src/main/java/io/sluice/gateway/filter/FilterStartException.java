package io.sluice.gateway.filter;

/** A filter cannot work, so the configuration that uses it is refused. */
public final class FilterStartException extends Exception {
  private static final long serialVersionUID = 1;

  private final String filter;

  FilterStartException(String filter, Throwable cause) {
    super("filter '" + filter + "' cannot start: " + reason(cause), cause);
    this.filter = filter;
  }

  /** Its name. */
  public String filter() {
    return filter;
  }

  private static String reason(Throwable cause) {
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
