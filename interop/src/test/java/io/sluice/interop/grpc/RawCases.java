package io.sluice.interop.grpc;

import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.sluice.interop.grpc.Raw.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The cases of the raw client, each for the kinds of calls that can have it. */
final class RawCases {
  /**
   * One case with one kind of call.
   *
   * @param at where it calls
   */
  record Case(String name, Kind kind, Place at, Consumer<RawTalk> run) {}

  /** Where a case calls. */
  enum Place {
    /** A server that other cases use too. */
    LASTING("--addr"),
    /** Nobody. */
    GONE("--dead"),
    /** A server that the case may kill. */
    MORTAL("--dying");

    private final String option;

    Place(String option) {
      this.option = option;
    }

    /** What stands before its address on the command line. */
    String option() {
      return option;
    }
  }

  private static final Set<Kind> ALL = EnumSet.allOf(Kind.class);
  private static final Set<Kind> STREAMS = EnumSet.of(Kind.CLIENT, Kind.SERVER, Kind.BIDI);

  private RawCases() {}

  static List<Case> all() {
    List<Case> cases = new ArrayList<>();
    add(cases, "echo", ALL, echo(text("one"), text("two"), text("three")));
    add(cases, "empty", ALL, echo(new byte[0], new byte[0]));
    add(cases, "1-mib", ALL, echo(filled(1), filled(2), filled(3)));
    add(cases, "10000-in-order", STREAMS, RawCases::inOrder);
    add(cases, "early-end", STREAMS, RawCases::earlyEnd);
    add(cases, "half-close", STREAMS, RawCases::halfClose);
    add(cases, "header-first", ALL, RawCases::headerFirst);
    add(cases, "metadata", ALL, RawCases::metadataBothWays);
    add(cases, "trailers", ALL, RawCases::trailersOfFailure);
    add(cases, "gzip", ALL, RawCases::gzip);
    add(cases, "error-before", ALL, RawCases::errorBefore);
    add(cases, "error-midstream", STREAMS, RawCases::errorMidstream);
    add(cases, "cancel", ALL, RawCases::cancelled);
    add(cases, "deadline", ALL, RawCases::deadline);
    add(cases, "unknown-method", ALL, unknown(Raw.SERVICE, "Absent"));
    add(cases, "unknown-service", ALL, unknown("interop.Absent", "Unary"));
    ALL.forEach(kind -> cases.add(new Case("dead", kind, Place.GONE, RawCases::dead)));
    cases.add(new Case("dying", Kind.BIDI, Place.MORTAL, RawCases::dying));
    return cases;
  }

  private static void add(List<Case> to, String name, Set<Kind> kinds, Consumer<RawTalk> run) {
    kinds.forEach(kind -> to.add(new Case(name, kind, Place.LASTING, run)));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] filled(int seed) {
    byte[] message = new byte[1 << 20];
    for (int i = 0; i < message.length; i++) {
      message[i] = (byte) (i >> 8 ^ i * seed);
    }
    return message;
  }

  private static List<byte[]> texts(String... texts) {
    return Arrays.stream(texts).map(RawCases::text).toList();
  }

  private static Consumer<RawTalk> echo(byte[]... messages) {
    return talk -> {
      List<byte[]> requests = talk.requests(List.of(messages));
      talk.open("replies=3", new Metadata());
      talk.exchange(requests, true);
      talk.expectStatus("OK");
      talk.expectMessages(talk.expected(requests, 3));
      talk.expectTrailer("t-reads", Integer.toString(requests.size()));
    };
  }

  private static void inOrder(RawTalk talk) {
    List<byte[]> requests =
        talk.requests(
            IntStream.range(0, 10_000)
                .mapToObj(i -> ByteBuffer.allocate(8).putLong(i).array())
                .toList());
    talk.open("replies=10000", new Metadata());
    talk.exchange(requests, true);
    talk.expectStatus("OK");
    talk.expectMessages(talk.expected(requests, 10_000));
  }

  /** The server ends the call while the caller could go on. */
  private static void earlyEnd(RawTalk talk) {
    List<byte[]> requests = talk.requests(texts("one", "two"));
    talk.open("replies=9,end=2", new Metadata());
    talk.exchange(requests, talk.kind() == Kind.SERVER);
    talk.expectStatus("OK");
    talk.expectMessages(talk.expected(requests, 2));
    if (talk.kind() != Kind.SERVER) {
      talk.expectTrailer("t-half-closed", "false");
    }
  }

  /** The server knows of it, and goes on. */
  private static void halfClose(RawTalk talk) {
    List<byte[]> requests = talk.requests(texts("one", "two"));
    talk.open("replies=3,late=3", new Metadata());
    talk.exchange(requests, true);
    talk.expectStatus("OK");
    talk.expectTrailer("t-half-closed", "true");
    Raw.Sum expected = talk.expected(requests, 3);
    if (talk.kind() == Kind.BIDI) {
      texts("late 0", "late 1", "late 2").forEach(expected::add);
    }
    talk.expectMessages(expected);
  }

  /** The header comes while the server holds back everything else. */
  private static void headerFirst(RawTalk talk) {
    List<byte[]> requests = talk.requests(texts("one", "two"));
    Metadata headers = new Metadata();
    headers.put(Raw.ascii("x-early"), "yes");
    talk.open("hold=" + talk.id(), headers);
    // Where the caller may, it sends nothing before the header is there.
    if (!talk.kind().sendsMany()) {
      talk.send(requests, true);
    }
    talk.check(
        "yes".equals(talk.call().headers().get(Raw.ascii("x-early"))), "no header before the rest");
    talk.control("Release");
    talk.exchange(talk.kind().sendsMany() ? requests : List.of(), talk.kind().sendsMany());
    talk.expectStatus("OK");
    talk.expectMessages(talk.expected(requests, 1));
  }

  private static Metadata mixedMetadata() {
    Metadata metadata = new Metadata();
    metadata.put(Raw.ascii("x-one"), "a b");
    List.of("1", "2", "3").forEach(value -> metadata.put(Raw.ascii("x-many"), value));
    metadata.put(Raw.ascii("x-empty"), "");
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) i;
    }
    metadata.put(Raw.binary("x-all-bin"), all);
    metadata.put(Raw.binary("x-none-bin"), new byte[0]);
    metadata.put(Raw.binary("x-two-bin"), new byte[] {0});
    metadata.put(Raw.binary("x-two-bin"), new byte[] {-1, -2});
    return metadata;
  }

  private static void metadataBothWays(RawTalk talk) {
    talk.open("", mixedMetadata());
    talk.exchange(talk.requests(texts("one")), true);
    talk.expectStatus("OK");
    talk.expectHeader("x-many", "1,2,3");
    talk.expectHeader("x-two-bin", "00,fffe");
    talk.expectHeader("x-one", "a b");
    talk.expectTrailer("t-many", "1,2,3");
  }

  /** A status with details, and metadata beside it. */
  private static void trailersOfFailure(RawTalk talk) {
    talk.open("fail=0", mixedMetadata());
    talk.exchange(talk.requests(texts("one")), true);
    talk.expectFailure();
    talk.expectTrailer("t-many", "1,2,3");
    talk.expectTrailer("t-two-bin", "00,fffe");
  }

  private static void gzip(RawTalk talk) {
    List<byte[]> requests = talk.requests(texts("compress me ".repeat(5000), "little"));
    talk.open("replies=2", new Metadata(), CallOptions.DEFAULT.withCompression("gzip"));
    talk.exchange(requests, true);
    talk.expectStatus("OK");
    talk.expectMessages(talk.expected(requests, 2));
    talk.expectTrailer("t-encoding", "gzip");
    talk.expectHeader("grpc-encoding", "gzip");
  }

  private static void errorBefore(RawTalk talk) {
    talk.open("fail=0", new Metadata());
    talk.exchange(talk.requests(texts("one")), !talk.kind().sendsMany());
    talk.expectFailure();
    talk.expectMessages(new Raw.Sum());
  }

  private static void errorMidstream(RawTalk talk) {
    List<byte[]> requests = talk.requests(texts("one", "two"));
    talk.open("replies=9,fail=2", new Metadata());
    talk.exchange(requests, talk.kind() == Kind.SERVER);
    talk.expectFailure();
    talk.expectMessages(talk.kind() == Kind.CLIENT ? new Raw.Sum() : talk.expected(requests, 2));
  }

  /** The server learns of it. */
  private static void cancelled(RawTalk talk) {
    waiting(talk, CallOptions.DEFAULT);
    long at = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
    talk.call().cancel();
    talk.end(false);
    talk.expectStatus("CANCELLED");
    String[] seen = talk.control("Seen").split(" ");
    talk.seen("deadline " + seen[1]);
    talk.check(seen[1].equals("false"), "the server knew a deadline");
    talk.note("cancelMicros", Long.parseLong(seen[0]) - at);
  }

  /** The server knows it, and learns that it has passed. */
  private static void deadline(RawTalk talk) {
    // On a slow machine the first may pass before the call is at the server.
    waiting(talk, CallOptions.DEFAULT.withDeadlineAfter(1500, TimeUnit.MILLISECONDS));
    if (!talk.call().begun()) {
      talk.anotherId();
      waiting(talk, CallOptions.DEFAULT.withDeadlineAfter(15, TimeUnit.SECONDS));
    }
    talk.end(false);
    talk.expectStatus("DEADLINE_EXCEEDED");
    String[] seen = talk.control("Seen").split(" ");
    talk.seen("deadline " + seen[1]);
    talk.check(seen[1].equals("true"), "the server knew no deadline");
  }

  /** Opens a call for whose end the server waits, and returns when the server does. */
  private static void waiting(RawTalk talk, CallOptions options) {
    talk.open("wait=" + talk.id(), new Metadata(), options);
    talk.send(talk.requests(texts("one")), !talk.kind().sendsMany());
    talk.call().headers();
  }

  private static Consumer<RawTalk> unknown(String service, String method) {
    return talk -> {
      talk.openMethod(service, method);
      talk.exchange(talk.requests(texts("one")), true);
      talk.expectStatus("UNIMPLEMENTED");
    };
  }

  /** Nobody listens. */
  private static void dead(RawTalk talk) {
    talk.open("", new Metadata());
    talk.send(talk.requests(texts("one")), true);
    talk.end(false);
    talk.expectStatus("UNAVAILABLE");
  }

  /** The server's process ends under calls of all kinds. */
  private static void dying(RawTalk talk) {
    List<RawTalk> open = ALL.stream().map(talk::of).toList();
    open.forEach(one -> waiting(one, CallOptions.DEFAULT));
    List<Status> ends = new ArrayList<>();
    ends.add(talk.controlEnd("Die"));
    open.forEach(one -> ends.add(one.call().end()));
    talk.status(ends.stream().map(end -> end.getCode().name()).collect(Collectors.joining(" ")));
    talk.expectStatus(String.join(" ", Collections.nCopies(5, "UNAVAILABLE")));
  }
}
