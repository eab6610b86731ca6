package io.sluice.gateway.config;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A configuration that cannot be used. The message is for the user and has one line for each fault;
 * there is no stack trace, since the fault is in the file and not in the code.
 */
public final class ConfigException extends RuntimeException {
  private final List<Fault> faults;
  private final SecretFiles secretFiles;

  ConfigException(List<Fault> faults) {
    this(faults, new SecretFiles());
  }

  ConfigException(List<Fault> faults, SecretFiles secretFiles) {
    super(
        faults.stream().map(Fault::toString).collect(Collectors.joining("\n")), null, false, false);
    this.faults = List.copyOf(faults);
    this.secretFiles = secretFiles;
  }

  /** All that is wrong, in the order of the file; never empty. */
  public List<Fault> faults() {
    return faults;
  }

  /** The files in which secrets were looked for. */
  public SecretFiles secretFiles() {
    return secretFiles;
  }
}
