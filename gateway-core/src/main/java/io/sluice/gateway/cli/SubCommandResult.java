package io.sluice.gateway.cli;

/** Results of a {@link SubCommand} beside ordinary exit codes. */
public final class SubCommandResult {
  /** The process goes on until it is told to stop. */
  public static final int KEEP_RUNNING = -1;

  private SubCommandResult() {}
}
