package io.sluice.gateway.config;

import io.sluice.api.Secret;
import io.sluice.api.Setting;
import io.sluice.gateway.config.ConfigNode.Mapping;
import io.sluice.gateway.config.ConfigNode.Scalar;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads secrets from where the file says that they are. No fault quotes one, nor what stands in the
 * place of one. Blocks.
 */
final class Secrets {
  /** The largest file that is read, in bytes. */
  static final int MAX_FILE = 64 << 10;

  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,255}");
  private static final String RIGHT = "write {env: NAME} or {file: path}, or the text itself";

  private final Faults faults;
  private final Path folder;
  private final SecretFiles files = new SecretFiles();

  /**
   * @param folder against which relative paths are resolved
   */
  Secrets(Faults faults, Path folder) {
    this.faults = faults;
    this.folder = folder;
  }

  /** Those that were read so far, or could not be. */
  SecretFiles files() {
    return files;
  }

  /**
   * Reads one.
   *
   * @return null if there was a fault, which has been added
   */
  @Nullable Secret read(ConfigNode node, Setting setting) {
    String value = text(node);
    if (value == null) {
      return null;
    }
    if (!setting.pattern().isEmpty() && !Pattern.matches(setting.pattern(), value)) {
      return refuse(node, "the secret does not fit", "it must match " + setting.pattern());
    }
    return Secret.of(value);
  }

  private @Nullable String text(ConfigNode node) {
    if (node instanceof Scalar text) {
      return text.text();
    }
    if (!(node instanceof Mapping mapping) || mapping.entries().size() != 1) {
      return refuse(node, node.kind() + " where a secret belongs", RIGHT);
    }
    Iterator<String> keys = mapping.entries().keySet().iterator();
    String key = keys.next();
    ConfigNode from = mapping.entries().get(key).value();
    if (!key.equals("env") && !key.equals("file")) {
      return refuse(node, "unknown key where a secret belongs", RIGHT);
    }
    if (!(from instanceof Scalar name)) {
      return refuse(from, from.kind() + " where a name belongs", RIGHT);
    }
    return key.equals("env") ? ofVariable(name) : ofFile(name);
  }

  private @Nullable String ofVariable(Scalar name) {
    if (!VARIABLE.matcher(name.text()).matches()) {
      return refuse(name, "that is no name of an environment variable", "write one such as TOKEN");
    }
    String value = System.getenv(name.text());
    if (value == null || value.isEmpty()) {
      String what = "environment variable " + Faults.quote(name.text()) + " is not set";
      return refuse(name, what, "");
    }
    return value;
  }

  private @Nullable String ofFile(Scalar name) {
    String what = "file " + Faults.quote(name.text());
    try {
      Path file = folder.resolve(name.text());
      files.reading(file);
      if (!Files.exists(file)) {
        return refuse(name, "there is no " + what, "relative paths begin where this file is");
      }
      if (!Files.isRegularFile(file)) { // anything else may make its reader wait
        return refuse(name, what + " is no plain file", "");
      }
      byte[] bytes = read(file);
      if (bytes.length > MAX_FILE) {
        return refuse(name, what + " is too large", "at most " + MAX_FILE + " bytes");
      }
      String text = withoutLineEnd(decode(bytes));
      return text.isEmpty() ? refuse(name, what + " is empty", "") : text;
    } catch (InvalidPathException e) {
      return refuse(name, "that is no name of a file", "");
    } catch (CharacterCodingException e) {
      return refuse(name, what + " is no text", "it must be UTF-8");
    } catch (IOException e) {
      return refuse(name, what + " cannot be read", e.getClass().getSimpleName());
    }
  }

  private static byte[] read(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(MAX_FILE + 1);
    }
  }

  private static String decode(byte[] bytes) throws CharacterCodingException {
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  /** Editors end the last line too, and {@code echo} does. */
  private static String withoutLineEnd(String text) {
    return text.endsWith("\r\n")
        ? text.substring(0, text.length() - 2)
        : text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  private <T> @Nullable T refuse(ConfigNode node, String what, String right) {
    faults.add(node.at(), what, right);
    return null;
  }
}
