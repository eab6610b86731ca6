package io.sluice.gateway.context;

/**
 * Who is lent something.
 *
 * @param kind such as {@code filter}
 * @param name as in the configuration
 * @param code its class loader
 */
record User(String kind, String name, ClassLoader code) {

  /** What its threads are called, with a number behind. */
  String threads() {
    return kind + "-" + name;
  }

  IllegalStateException stopped() {
    return new IllegalStateException(this + " has been stopped");
  }

  /** As messages tell it. */
  @Override
  public String toString() {
    return kind + " '" + name + "'";
  }
}
