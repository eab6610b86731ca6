package io.sluice.gateway.plugin;

/**
 * A jar that is not taken up. The message is for the user; there is no stack trace unless the
 * plugin's own code failed.
 */
public final class PluginRefused extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * @param what what is wrong
   * @param right what would be right; empty if {@code what} says all there is to say
   */
  public PluginRefused(String what, String right) {
    super(right.isEmpty() ? what : what + ": " + right, null, false, false);
  }

  /** The plugin's own code failed with this. */
  PluginRefused(String what, Throwable cause) {
    super(what + ": " + cause, cause);
  }
}
