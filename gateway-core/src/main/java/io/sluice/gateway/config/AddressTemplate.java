package io.sluice.gateway.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An {@link Address}, or one whose host has placeholders for what a call says: {@code
 * {service}.svc.local:8888}.
 *
 * @param host its parts in order; a single text if there is no placeholder
 */
public record AddressTemplate(List<Part> host, int port) {

  /** What a part of the host is. */
  public enum Kind {
    TEXT,
    /** The service that is called, without its package. */
    SERVICE,
    PACKAGE,
    /** The name by which the caller knows its destination. */
    DESTINATION,
    /** A value of the caller's metadata. */
    METADATA,
    /** What the cluster's {@code names} have for the service, else the service. */
    NAME
  }

  /**
   * A part of the host.
   *
   * @param text of TEXT, the text; of METADATA, the key; else empty
   */
  public record Part(Kind kind, String text) {

    /** As it is written. */
    @Override
    public String toString() {
      return switch (kind) {
        case TEXT -> text;
        case METADATA -> "{metadata:" + text + '}';
        default -> '{' + kind.name().toLowerCase(Locale.ROOT) + '}';
      };
    }
  }

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern METADATA_KEY = Pattern.compile("metadata:([!-z|~]{1,255})");

  /** What calls may put in the place of a placeholder, in names and in parts of an IPv4 address. */
  private static final List<String> EXAMPLES = List.of("a", "1", "1.1", "1.1.1");

  private static final String THERE_ARE =
      "there are {service}, {package}, {destination}, {name} and {metadata:KEY}";

  public AddressTemplate {
    host = List.copyOf(host);
  }

  /** An address without placeholders. */
  public static AddressTemplate of(Address address) {
    return new AddressTemplate(List.of(new Part(Kind.TEXT, address.host())), address.port());
  }

  /**
   * Reads the written form.
   *
   * @throws IllegalArgumentException if it is none, saying what would be
   */
  public static AddressTemplate parse(String text) {
    List<Part> parts = new ArrayList<>();
    Matcher m = PLACEHOLDER.matcher(text);
    int port = text.lastIndexOf(':');
    int from = 0;
    while (m.find()) {
      addText(parts, text.substring(from, m.start()));
      parts.add(placeholder(m.group(1)));
      from = m.end();
    }
    Address address = example(text);
    if (parts.isEmpty()) {
      return of(address);
    }
    if (port < from) {
      throw new IllegalArgumentException("not an address: a port has no placeholder");
    }
    addText(parts, text.substring(from, port));
    return new AddressTemplate(parts, address.port());
  }

  /** An address that it can become, if there is one. */
  private static Address example(String text) {
    IllegalArgumentException none = null;
    for (String value : EXAMPLES) {
      try {
        return Address.parse(PLACEHOLDER.matcher(text).replaceAll(value));
      } catch (IllegalArgumentException e) {
        none = e;
      }
    }
    throw none;
  }

  private static void addText(List<Part> parts, String text) {
    if (!text.isEmpty()) {
      parts.add(new Part(Kind.TEXT, text.toLowerCase(Locale.ROOT)));
    }
  }

  private static Part placeholder(String name) {
    Matcher metadata = METADATA_KEY.matcher(name);
    if (metadata.matches()) {
      return new Part(Kind.METADATA, metadata.group(1));
    }
    return Arrays.stream(Kind.values())
        .filter(kind -> kind != Kind.TEXT && kind != Kind.METADATA)
        .map(kind -> new Part(kind, ""))
        .filter(part -> part.toString().equals('{' + name + '}'))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "not an address: "
                        + Faults.quote('{' + name + '}')
                        + " is no placeholder, "
                        + THERE_ARE));
  }

  /** Whether it is an address as it stands. */
  public boolean isFixed() {
    return host.size() == 1 && host.get(0).kind() == Kind.TEXT;
  }

  /**
   * The address that it is.
   *
   * @throws IllegalStateException if it has placeholders
   */
  public Address address() {
    if (!isFixed()) {
      throw new IllegalStateException(this + " has placeholders");
    }
    return new Address(host.get(0).text(), port);
  }

  /** The written form. */
  @Override
  public String toString() {
    return isFixed()
        ? address().toString()
        : host.stream().map(Part::toString).collect(Collectors.joining()) + ':' + port;
  }
}
