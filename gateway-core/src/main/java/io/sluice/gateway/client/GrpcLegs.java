package io.sluice.gateway.client;

import io.netty.handler.codec.http2.Http2FrameStream;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The calls that are open on a connection, each by its stream. */
final class GrpcLegs {
  private final Map<Http2FrameStream, GrpcLeg> legs = new IdentityHashMap<>();

  void add(Http2FrameStream stream, GrpcLeg leg) {
    legs.put(stream, leg);
  }

  @Nullable GrpcLeg get(Http2FrameStream stream) {
    return legs.get(stream);
  }

  @Nullable GrpcLeg remove(Http2FrameStream stream) {
    return legs.remove(stream);
  }

  int size() {
    return legs.size();
  }

  boolean isEmpty() {
    return legs.isEmpty();
  }

  /** The streams with larger numbers; one that is only being opened has none. */
  List<Http2FrameStream> above(int lastStream) {
    List<Http2FrameStream> above = new ArrayList<>();
    for (Http2FrameStream stream : legs.keySet()) {
      if (stream.id() > lastStream) {
        above.add(stream);
      }
    }
    return above;
  }

  /** The one of whose response most is held; null if there is none. */
  @Nullable GrpcLeg largest() {
    GrpcLeg largest = null;
    for (GrpcLeg leg : legs.values()) {
      if (largest == null || leg.held() > largest.held()) {
        largest = leg;
      }
    }
    return largest;
  }

  /**
   * Has none of them hold what it might have to send again.
   *
   * @return whether any did
   */
  boolean letGo() {
    int held = 0;
    for (GrpcLeg leg : legs.values()) {
      held += leg.letGo();
    }
    return held > 0;
  }

  /** Takes all of them out. */
  List<GrpcLeg> takeAll() {
    List<GrpcLeg> all = new ArrayList<>(legs.values());
    legs.clear();
    return all;
  }
}
