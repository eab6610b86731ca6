package io.sluice.gateway.client;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.sluice.api.Codec;
import io.sluice.api.Protocol;
import io.sluice.gateway.call.MessageHead;
import io.sluice.gateway.call.RpcCall;
import io.sluice.gateway.config.ClusterConfig;
import io.sluice.gateway.wire.WireException;
import io.sluice.gateway.wire.pingpong.MessageWriter;
import io.sluice.gateway.wire.thrift.ThriftHead;
import io.sluice.gateway.wire.ttheader.PayloadChecksum;
import io.sluice.gateway.wire.ttheader.RequestKeys;
import io.sluice.gateway.wire.ttheader.TTHeader;
import io.sluice.gateway.wire.ttheader.TTHeaderKeys;
import io.sluice.gateway.wire.ttheader.TTHeaderWriter;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes ping-pong requests in the framing of a cluster. Reused, one a connection. */
final class RequestWriter implements MessageWriter.Keys<RpcCall> {
  private final ChannelHandlerContext ctx;
  private final Protocol framing;
  private final @Nullable String service;
  private final MessageWriter writer;

  /** Of the payloads; null if none is wanted. */
  private final @Nullable PayloadChecksum checksum;

  /** Where the checksum of the request being written goes. */
  private int checksumAt;

  /** Whether its payload is what the caller has sent, byte by byte. */
  private boolean unchanged;

  /**
   * @param flags of every TTHeader
   */
  RequestWriter(ChannelHandlerContext ctx, ClusterConfig config, int flags) {
    this.ctx = ctx;
    this.framing = config.transport().unary().protocol();
    this.service = config.service();
    this.checksum =
        config.checksum() == ClusterConfig.Checksum.CRC32C && framing.carriesMetadata()
            ? new PayloadChecksum()
            : null;
    this.writer = new MessageWriter(ctx.alloc(), flags);
  }

  /** The framing of this call; Kitex Protobuf has a frame length in every TTHeader. */
  private Protocol framing(RpcCall call) {
    return framing == Protocol.TTHEADER && call.codec() == Codec.PROTOBUF
        ? Protocol.TTHEADER_FRAMED
        : framing;
  }

  /** Whether the bytes of this call can stay as they came, if its sequence id can. */
  boolean keepsFraming(RpcCall call) {
    return framing(call) == call.protocol();
  }

  /** Whether the first part has to be the whole body, since its checksum goes in front of it. */
  boolean wantsWhole() {
    return checksum != null;
  }

  /**
   * Writes the beginning of a request, and does not flush.
   *
   * @param part the first part of the body, handed over
   * @throws WireException if the request does not fit the framing; nothing of it has been written
   */
  void begin(RpcCall call, int seqId, ByteBuf part) {
    MessageHead request = call.request();
    unchanged = keepsFraming(call) && request.headAhead > 0 && request.seqId == seqId;
    ByteBuf out =
        writer.begin(
            framing(call),
            request,
            call.isOneway() ? ThriftHead.ONEWAY : ThriftHead.CALL,
            call.method(),
            seqId,
            part,
            this,
            call);
    ByteBuf rest = writer.takeRest();
    if (checksum != null) {
      seal(checksum, out, rest);
    }
    ctx.write(out);
    if (rest != null) {
      ctx.write(rest);
    }
  }

  private void seal(PayloadChecksum checksum, ByteBuf out, @Nullable ByteBuf rest) {
    int header = TTHeader.writtenSize(out, out.readerIndex());
    checksum.reset();
    checksum.update(out, out.readerIndex() + header, out.readableBytes() - header);
    if (rest != null) {
      checksum.update(rest, rest.readerIndex(), rest.readableBytes());
    }
    checksum.write(out, checksumAt);
  }

  /** The keys of a request, as section 2.12 of Kitex's rules for a proxy has them. */
  @Override
  public void write(TTHeaderWriter out, RpcCall call) {
    String name = !call.service().isEmpty() ? call.service() : service == null ? "" : service;
    if (!name.isEmpty()) {
      out.string(TTHeaderKeys.SERVICE, name);
    }
    out.string(TTHeaderKeys.REAL_ADDRESS, call.peerText());
    if (checksum != null) {
      PayloadChecksum.remove(call.headers());
      out.string(TTHeaderKeys.CHECKSUM, PayloadChecksum.PLACE);
      checksumAt = out.at() - PayloadChecksum.PLACE.length();
    }
    RequestKeys.writeRest(
        out, call.headers(), unchanged, service == null ? -1 : TTHeaderKeys.TO_SERVICE);
    if (service != null) {
      out.integer(TTHeaderKeys.TO_SERVICE, service);
    }
    if (!call.protocol().carriesMetadata()) {
      out.integer(TTHeaderKeys.TO_METHOD, call.method());
    }
    out.integer(
        TTHeaderKeys.TRANSPORT_TYPE, framing(call) == Protocol.TTHEADER ? "unframed" : "framed");
    out.integer(TTHeaderKeys.MESSAGE_TYPE, call.isOneway() ? "4" : "1");
    if (call.explicitTimeout()) {
      long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(call.nanosLeft()));
      out.integer(TTHeaderKeys.RPC_TIMEOUT, Long.toString(millis));
    }
  }
}
