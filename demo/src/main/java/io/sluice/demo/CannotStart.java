package io.sluice.demo;

/** Why there can be no demo, in one line for the user. */
final class CannotStart extends Exception {
  CannotStart(String line) {
    super(line);
  }
}
