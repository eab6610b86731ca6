package io.sluice.gateway.cli;

import java.util.concurrent.Callable;

/**
 * A command of {@code bin/sluice}, annotated for picocli. Found through {@link
 * java.util.ServiceLoader}, so that other modules can add some. The result is the exit code.
 */
public interface SubCommand extends Callable<Integer> {}
