package io.sluice.demo;

import io.sluice.api.Protocol;
import io.sluice.demo.Caller.Reply;
import java.util.List;
import java.util.Map;
import java.util.Map.Entry;
import java.util.Optional;

/**
 * One call to make, and what shall come of it with {@code conf/demo.yaml}.
 *
 * @param caller what its caller speaks, in words
 * @param protocol by which it comes to the gateway
 * @param service empty for Framed and Buffered, which do not tell it
 * @param messages what the caller says
 * @param answers the messages that the service shall answer
 * @param servedBy the protocol by which it shall reach the service
 * @param serviceSees metadata that must reach the service
 * @param callerGets metadata that must come back
 */
record DemoCall(
    String caller,
    Protocol protocol,
    Kind kind,
    String service,
    String method,
    List<String> messages,
    List<String> answers,
    Protocol servedBy,
    Map<String, String> serviceSees,
    Map<String, String> callerGets,
    Connect connect) {

  /** Connects a caller to the gateway. */
  @FunctionalInterface
  interface Connect {
    Caller connect() throws Exception;
  }

  /** The same with other messages, each of which is answered by itself. */
  DemoCall saying(List<String> others) {
    return new DemoCall(
        caller,
        protocol,
        kind,
        service,
        method,
        others,
        others,
        servedBy,
        serviceSees,
        callerGets,
        connect);
  }

  /** Service and method, for people. */
  String target() {
    return (service.isEmpty() ? "(not told)" : service) + '/' + method;
  }

  /** What is wrong with the outcome of this call; empty if nothing is. */
  Optional<String> fault(Reply reply) {
    List<String> answered = reply.answers().stream().map(Answer::message).toList();
    if (!answered.equals(answers)) {
      return Optional.of("sent " + messages + ", got " + answered + " in place of " + answers);
    }
    for (Answer answer : reply.answers()) {
      if (answer.protocol() != servedBy) {
        return Optional.of(
            "the service got it by "
                + answer.protocol().label()
                + " in place of "
                + servedBy.label());
      }
      Optional<String> missing =
          missing("the service did not see ", serviceSees, answer.metadata());
      if (missing.isPresent()) {
        return missing;
      }
    }
    return missing("the caller did not get ", callerGets, reply.metadata());
  }

  private static Optional<String> missing(
      String what, Map<String, String> wanted, Map<String, String> there) {
    for (Entry<String, String> entry : wanted.entrySet()) {
      if (!entry.getValue().equals(there.get(entry.getKey()))) {
        return Optional.of(what + entry);
      }
    }
    return Optional.empty();
  }
}
