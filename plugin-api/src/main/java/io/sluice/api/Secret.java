package io.sluice.api;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * A setting that nobody is to see: a password, a key. In the file it is written as {@code {env:
 * NAME}} or {@code {file: path}}, or as a text where that is all right. It is never printed, in no
 * fault, log or page.
 */
public final class Secret {
  private final String value;

  private Secret(String value) {
    this.value = value;
  }

  /** A secret of this value. */
  public static Secret of(String value) {
    return new Secret(value);
  }

  /** What it is. */
  public String value() {
    return value;
  }

  /** Whether it is this text; takes as long whatever the text is. */
  public boolean is(String text) {
    return MessageDigest.isEqual(
        value.getBytes(StandardCharsets.UTF_8), text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && is(secret.value);
  }

  @Override
  public int hashCode() {
    return value.hashCode();
  }

  /** Tells nothing. */
  @Override
  public String toString() {
    return "***";
  }
}
