package io.sluice.plugins.accesslog;

import io.sluice.api.Call;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;

/** Who calls, by what, and what is called. */
final class WhoFields extends KnownFields<WhoFields.Who> {
  private static final byte[] PROTOCOL = JsonBytes.key("protocol");
  private static final byte[][] CODECS = JsonBytes.fields("codec", Codec.values());
  private static final byte[] LISTENER = JsonBytes.key("listener");
  private static final byte[] CALLER = JsonBytes.key("caller");
  private static final byte[] CALLER_METHOD = JsonBytes.key("callerMethod");
  private static final byte[] IDENTITY = JsonBytes.key("identity");
  private static final byte[] SERVICE = JsonBytes.key("service");
  private static final byte[] METHOD = JsonBytes.key("method");

  record Who(
      Protocol protocol,
      Codec codec,
      String listener,
      String caller,
      String callerMethod,
      String identity,
      String packageName,
      String service,
      String method) {}

  WhoFields() {
    super(128);
  }

  /** Not of all names: those that seldom make the difference need not be looked at. */
  @Override
  int hash(Call call) {
    int hash = call.method().hashCode();
    hash = 31 * hash + call.service().hashCode();
    hash = 31 * hash + call.caller().hashCode();
    hash = 31 * hash + call.identity().hashCode();
    return 31 * hash + call.protocol().ordinal();
  }

  @Override
  boolean isOf(Who who, Call call) {
    return who.protocol == call.protocol()
        && who.codec == call.codec()
        && same(who.listener, call.listener())
        && same(who.caller, call.caller())
        && same(who.callerMethod, call.callerMethod())
        && same(who.identity, call.identity())
        && same(who.packageName, call.packageName())
        && same(who.service, call.service())
        && same(who.method, call.method());
  }

  @Override
  Who keyOf(Call call) {
    return new Who(
        call.protocol(),
        call.codec(),
        call.listener(),
        call.caller(),
        call.callerMethod(),
        call.identity(),
        call.packageName(),
        call.service(),
        call.method());
  }

  @Override
  int letters(Call call) {
    return call.listener().length()
        + call.caller().length()
        + call.callerMethod().length()
        + call.identity().length()
        + call.packageName().length()
        + call.service().length()
        + call.method().length();
  }

  @Override
  void write(Call call, JsonBytes to) {
    to.field(PROTOCOL, call.protocol().label(), MAX_NAME);
    to.raw(CODECS[call.codec().ordinal()]);
    to.field(LISTENER, call.listener(), MAX_NAME);
    to.field(CALLER, call.caller(), MAX_NAME);
    to.field(CALLER_METHOD, call.callerMethod(), MAX_NAME);
    to.field(IDENTITY, call.identity(), MAX_NAME);
    to.field(SERVICE, service(call), MAX_NAME);
    to.field(METHOD, call.method(), MAX_NAME);
  }

  private static String service(Call call) {
    return call.packageName().isEmpty()
        ? call.service()
        : call.packageName() + '.' + call.service();
  }
}
