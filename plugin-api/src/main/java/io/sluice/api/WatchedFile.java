package io.sluice.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * What a filter makes of a file beside the configuration, such as a list of keys: made at its
 * start, and again whenever the file has become another. A file that cannot be read, or not be
 * used, changes nothing and is told once. Safe for all threads.
 *
 * <pre>{@code
 * public void start(FilterContext context) throws Exception {
 *   names = WatchedFile.open(context, settings.names(), period, 1 << 20, this::parse, LOG::warn);
 * }
 * }</pre>
 *
 * @param <T> immutable
 */
public final class WatchedFile<T> {

  /** Makes something of a file's content. */
  @FunctionalInterface
  public interface Reader<T> {

    /**
     * Runs on a worker thread, once for each content.
     *
     * @throws Exception if it cannot be used; the message says why, and shows no secrets
     */
    T read(byte[] content) throws Exception;
  }

  private final Path file;
  private final int maxBytes;
  private final Reader<T> reader;
  private final Consumer<String> faults;

  /** What the last look has seen: the digest of a content, or of the words of a fault. */
  private byte[] seen;

  /** What was used, or told of, last. */
  private byte[] known;

  private volatile T value;

  private WatchedFile(
      Path file, int maxBytes, Reader<T> reader, Consumer<String> faults, byte[] content)
      throws Exception {
    this.file = file;
    this.maxBytes = maxBytes;
    this.reader = reader;
    this.faults = faults;
    this.seen = digest(content);
    this.known = seen;
    this.value = reader.read(content);
  }

  /**
   * Reads a file, and goes on looking at it until the filter stops. Blocks; for {@link
   * Filter#start}.
   *
   * @param file best a setting of the type {@link Path}, which is absolute; a relative one begins
   *     at the working directory
   * @param period from one look to the next, at least 10 ms. A change counts when two looks one
   *     after the other have seen the same, so that no half-written file does
   * @param maxBytes how long the file may be, at most 1 GiB
   * @param faults told why the file, as it has become, is not used
   * @throws IOException if the file cannot be read now, or is too long
   * @throws Exception what the reader throws
   */
  public static <T> WatchedFile<T> open(
      FilterContext context,
      Path file,
      Duration period,
      int maxBytes,
      Reader<T> reader,
      Consumer<String> faults)
      throws Exception {
    WatchedFile<T> watched =
        new WatchedFile<>(file, maxBytes, reader, faults, content(file, maxBytes));
    context.every(period, watched::look);
    return watched;
  }

  /** What the last usable content came to. */
  public T get() {
    return value;
  }

  private synchronized void look() {
    byte[] content;
    try {
      content = content(file, maxBytes);
    } catch (IOException e) {
      if (isNews(digest(e.getMessage().getBytes(StandardCharsets.UTF_8)))) {
        faults.accept(e.getMessage());
      }
      return;
    }
    if (isNews(digest(content))) {
      use(content);
    }
  }

  private void use(byte[] content) {
    try {
      value = reader.read(content);
    } catch (Exception e) {
      boolean says = e instanceof IllegalArgumentException && e.getMessage() != null;
      String why = says ? e.getMessage() : e.toString();
      faults.accept(file + " has changed and cannot be used, what it was before stays: " + why);
    }
  }

  /** Whether two looks have seen this, and it is not what was known. */
  private boolean isNews(byte[] what) {
    boolean settled = Arrays.equals(what, seen);
    seen = what;
    if (!settled || Arrays.equals(what, known)) {
      return false;
    }
    known = what;
    return true;
  }

  /**
   * @throws IOException with a message that says which file, and why
   */
  private static byte[] content(Path file, int maxBytes) throws IOException {
    if (!Files.isRegularFile(file)) { // a pipe would never end
      throw new IOException("cannot read " + file + ": there is no such file");
    }
    byte[] content;
    try (InputStream in = Files.newInputStream(file)) {
      content = in.readNBytes(maxBytes + 1);
    } catch (IOException e) {
      throw new IOException("cannot read " + file + ": " + e, e);
    }
    if (content.length > maxBytes) {
      throw new IOException("cannot read " + file + ": it has more than " + maxBytes + " bytes");
    }
    return content;
  }

  private static byte[] digest(byte[] content) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(content);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JRE has it
    }
  }
}
