package io.sluice.gateway.client;

import io.sluice.api.Glob;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.AddressTemplate;
import io.sluice.gateway.config.AddressTemplate.Part;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.config.EndpointConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the hosts of a template cluster of what a call says. That comes from outside, so it may be
 * no more than labels of a host name: it cannot put a port, a path or another template there.
 */
final class HostMaker {
  /** No host name can be made of a call. */
  static final class Unfit extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unfit(String message) {
      super(message, null, false, false);
    }
  }

  private static final int MAX_HOST = 253;

  /** Between the hosts of one call; stands in none. */
  private static final char BETWEEN = ',';

  private final List<AddressTemplate> templates;
  private final Map<String, String> names;
  private final List<Glob> allowed;
  private final StringBuilder hosts = new StringBuilder();

  HostMaker(ClusterConfig config) {
    this.templates = config.endpoints().stream().map(EndpointConfig::address).toList();
    this.names = config.template().names();
    this.allowed =
        config.template().allow().stream()
            .map(glob -> Glob.parse(glob.toString().toLowerCase(Locale.ROOT)))
            .toList();
  }

  /**
   * The hosts of a call, one for each endpoint, in one text.
   *
   * @throws Unfit if they cannot be made
   */
  String hosts(RpcCall call) {
    hosts.setLength(0);
    for (int i = 0; i < templates.size(); i++) {
      if (i > 0) {
        hosts.append(BETWEEN);
      }
      int start = hosts.length();
      List<Part> parts = templates.get(i).host();
      for (int j = 0; j < parts.size(); j++) {
        append(parts.get(j), call);
      }
      if (hosts.length() - start > MAX_HOST) {
        throw new Unfit("a host name of more than " + MAX_HOST + " bytes comes of it");
      }
    }
    return hosts.toString();
  }

  private void append(Part part, RpcCall call) {
    switch (part.kind()) {
      case TEXT -> hosts.append(part.text());
      case SERVICE -> append(part, call.service());
      case PACKAGE -> append(part, call.packageName());
      case DESTINATION -> append(part, call.destination());
      case METADATA -> append(part, call.metadata().get(part.text()));
      case NAME -> {
        String name = names.get(call.qualifiedService());
        append(part, name != null ? name : names.getOrDefault(call.service(), call.service()));
      }
    }
  }

  private void append(Part part, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      throw new Unfit("the call has nothing for " + part);
    }
    if (value.length() > MAX_HOST) {
      throw new Unfit("what the call has for " + part + " is too long for a host name");
    }
    char last = '.';
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        c += 'a' - 'A';
      }
      boolean fits = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_';
      if (!fits && (c != '.' || last == '.')) {
        throw unfit(part);
      }
      hosts.append(c);
      last = c;
    }
    if (last == '.') {
      throw unfit(part);
    }
  }

  private static Unfit unfit(Part part) {
    return new Unfit("what the call has for " + part + " cannot be part of a host name");
  }

  /**
   * The addresses of what {@link #hosts} has given.
   *
   * @throws Unfit if one of them is none, or is not allowed
   */
  List<Address> addresses(String hosts) {
    List<Address> addresses = new ArrayList<>();
    for (String host : hosts.split(String.valueOf(BETWEEN))) {
      if (!allowed.isEmpty() && allowed.stream().noneMatch(glob -> glob.fits(host))) {
        throw new Unfit("the host " + host + " is not among those allowed");
      }
      try {
        addresses.add(new Address(host, templates.get(addresses.size()).port()));
      } catch (IllegalArgumentException e) {
        throw new Unfit(e.getMessage());
      }
    }
    return addresses;
  }
}
