package io.sluice.api;

/**
 * A pattern for names: {@code *} stands for any run of characters, also for none, {@code ?} for
 * exactly one, and everything else for itself. Immutable, and compared by its text.
 */
public final class Glob {
  private static final int MAX_LENGTH = 255;

  private final String text;
  private final String begin;
  private final String end;
  private final int literals;

  private Glob(String text) {
    this.text = text;
    int first = 0;
    while (first < text.length() && !isWild(text.charAt(first))) {
      first++;
    }
    int last = text.length();
    while (last > 0 && !isWild(text.charAt(last - 1))) {
      last--;
    }
    begin = text.substring(0, first);
    end = text.substring(last);
    literals = (int) text.chars().filter(c -> !isWild((char) c)).count();
  }

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException if it is none, saying what would be
   */
  public static Glob parse(String text) {
    boolean spaces = text.chars().anyMatch(c -> Character.isWhitespace(c) || c < ' ');
    if (text.isEmpty() || text.length() > MAX_LENGTH || spaces) {
      throw new IllegalArgumentException(
          "not a pattern: write 1 to 255 characters without spaces, such as shop.* or get?");
    }
    return new Glob(text);
  }

  private static boolean isWild(char c) {
    return c == '*' || c == '?';
  }

  /** What is written before the first wildcard. */
  public String begin() {
    return begin;
  }

  /** What is written behind the last wildcard. */
  public String end() {
    return end;
  }

  /** How many characters stand for themselves. */
  public int literals() {
    return literals;
  }

  /** Whether there is no wildcard. */
  public boolean isLiteral() {
    return literals == text.length();
  }

  /** Whether every name fits. */
  public boolean fitsAll() {
    return text.chars().allMatch(c -> c == '*');
  }

  /** Whether a name fits. Takes at most as many steps as both lengths multiplied. */
  public boolean fits(String name) {
    return fits("", name);
  }

  /**
   * Whether the name of a service fits that has its package before it, with a {@code .} between
   * them. Allocates nothing.
   *
   * @param packageName may be empty; the name is then looked at alone
   */
  public boolean fits(String packageName, String name) {
    int before = packageName.isEmpty() ? 0 : packageName.length() + 1;
    int length = before + name.length();
    int at = 0;
    int star = -1;
    int resume = 0;
    int i = 0;
    while (i < length) {
      if (at < text.length() && text.charAt(at) == '*') {
        star = at++;
        resume = i;
      } else if (at < text.length()
          && (text.charAt(at) == '?' || text.charAt(at) == charAt(packageName, before, name, i))) {
        at++;
        i++;
      } else if (star >= 0) {
        // The last star takes one more.
        at = star + 1;
        i = ++resume;
      } else {
        return false;
      }
    }
    while (at < text.length() && text.charAt(at) == '*') {
      at++;
    }
    return at == text.length();
  }

  private static char charAt(String packageName, int before, String name, int i) {
    if (i >= before) {
      return name.charAt(i - before);
    }
    return i == before - 1 ? '.' : packageName.charAt(i);
  }

  /** Whether there is a name that fits both. */
  public boolean meets(Glob other) {
    if (!begin.startsWith(other.begin) && !other.begin.startsWith(begin)
        || !end.endsWith(other.end) && !other.end.endsWith(end)) {
      return false;
    }
    String a = text;
    String b = other.text;
    // rest[i][j]: what is behind i in one and behind j in the other has a name in common.
    boolean[][] rest = new boolean[a.length() + 1][b.length() + 1];
    for (int i = a.length(); i >= 0; i--) {
      for (int j = b.length(); j >= 0; j--) {
        if (i == a.length() && j == b.length()) {
          rest[i][j] = true;
          continue;
        }
        boolean starA = i < a.length() && a.charAt(i) == '*';
        boolean starB = j < b.length() && b.charAt(j) == '*';
        rest[i][j] =
            starA && (rest[i + 1][j] || j < b.length() && rest[i][j + 1])
                || starB && (rest[i][j + 1] || i < a.length() && rest[i + 1][j])
                || i < a.length()
                    && j < b.length()
                    && (a.charAt(i) == b.charAt(j) || isWild(a.charAt(i)) || isWild(b.charAt(j)))
                    && rest[i + 1][j + 1];
      }
    }
    return rest[0][0];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Glob glob && glob.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** The written form. */
  @Override
  public String toString() {
    return text;
  }
}
