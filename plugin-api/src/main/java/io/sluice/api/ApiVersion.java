package io.sluice.api;

/**
 * The version of this API, a semantic one: what a plugin was built against says which gateways it
 * works with, by {@code Plugin-Requires} in its manifest.
 */
public final class ApiVersion {
  /** That of the API in which this class is. */
  public static final String CURRENT = "0.1.0";

  private ApiVersion() {}
}
