package io.sluice.gateway.config;

/**
 * A place in a configuration file.
 *
 * @param line from 1
 * @param column from 1, in characters; a tab counts as one
 */
public record Mark(int line, int column) {
  static final Mark START = new Mark(1, 1);
}
