package io.sluice.gateway.wire.ttheader;

import io.sluice.gateway.call.Headers;
import io.sluice.gateway.wire.WireException;

/** Reads keys and values out of the bytes of a header, which the entries become ranges of. */
final class InfoReader {
  private final String what;
  private final byte[] info;
  private final Headers headers;
  private final int maxKeys;
  private int at;

  /**
   * Where the key of an ACL token stands, which the wire leaves out; less than 0 if nowhere yet.
   */
  private int tokenKey = -1;

  /**
   * @param what the name of the header, for messages
   * @param headers made with {@code info}; takes the entries
   */
  InfoReader(String what, byte[] info, Headers headers, int maxKeys) {
    this.what = what;
    this.info = info;
    this.headers = headers;
    this.maxKeys = maxKeys;
  }

  /** Reads the sections of a TTHeader, which stand behind its transforms. */
  void sections(int from) {
    at = from;
    if (at > info.length) {
      throw new WireException("TTHeader with more transforms than header");
    }
    while (at < info.length) {
      int section = info[at++] & 0xFF;
      switch (section) {
        case TTHeader.INFO_PADDING -> {}
        case TTHeader.INFO_STRINGS -> strings();
        case TTHeader.INFO_INTS -> ints();
        case TTHeader.INFO_ACL_TOKEN -> token();
        default -> throw new WireException("TTHeader section 0x" + Integer.toHexString(section));
      }
    }
  }

  private void token() {
    if (headers.count() >= maxKeys) {
      throw tooManyKeys();
    }
    int length = block();
    byte[] key = TTHeaderKeys.ACL_TOKEN_BYTES;
    if (tokenKey < 0) {
      tokenKey = headers.append(key);
    }
    headers.addRange(tokenKey, key.length, at - length, length);
  }

  /** Reads a count and as many pairs of texts. */
  void strings() {
    for (int n = pairs(); n > 0; n--) {
      int keyLength = block();
      int key = at - keyLength;
      int valueLength = block();
      headers.addRange(key, keyLength, at - valueLength, valueLength);
    }
  }

  private void ints() {
    for (int n = pairs(); n > 0; n--) {
      int key = u16();
      int valueLength = block();
      headers.addIntRange(key, at - valueLength, valueLength);
    }
  }

  private int pairs() {
    int n = u16();
    if (n > maxKeys - headers.count()) {
      throw tooManyKeys();
    }
    return n;
  }

  private WireException tooManyKeys() {
    return new WireException(what + " with more than " + maxKeys + " keys");
  }

  /** Steps over a length and as many bytes. */
  private int block() {
    int length = u16();
    if (length > info.length - at) {
      throw cutPair();
    }
    at += length;
    return length;
  }

  private int u16() {
    if (info.length - at < 2) {
      throw cutPair();
    }
    int value = (info[at] & 0xFF) << 8 | info[at + 1] & 0xFF;
    at += 2;
    return value;
  }

  private WireException cutPair() {
    return new WireException(what + " with a cut pair");
  }
}
