package io.sluice.gateway.wire.ttheader;

import java.nio.charset.StandardCharsets;

/**
 * The keys that Kitex gives a meaning ({@code gopkg:ttheader/metakey.go}, {@code
 * transmeta/metakey.go}).
 */
public final class TTHeaderKeys {
  public static final int TRANSPORT_TYPE = 1;
  public static final int FROM_SERVICE = 3;
  public static final int TO_SERVICE = 6;
  public static final int TO_METHOD = 9;
  public static final int RPC_TIMEOUT = 12;
  public static final int CONNECT_TIMEOUT = 17;
  public static final int FROM_METHOD = 20;
  public static final int MESSAGE_TYPE = 22;
  public static final int FRAME_TYPE = 27;

  /** Name of the service in the IDL, without package. */
  public static final String SERVICE = "isn";

  /** Address of the peer behind a proxy. */
  public static final String REAL_ADDRESS = "rip";

  /** On a reply: the peer is about to close this connection. */
  public static final String CONNECTION_ENDS = "crrst";

  public static final String CHECKSUM = "crc32c";
  public static final String VALIDATOR_PREFIX = "PV_";
  public static final String BIZ_STATUS = "biz-status";
  public static final String BIZ_MESSAGE = "biz-message";
  public static final String BIZ_EXTRA = "biz-extra";

  /** Transient metadata that has had its one hop; never sent on. */
  public static final String USED_TRANSIENT_PREFIX = "RPC_TRANSIT_UPSTREAM_";

  /** Names of the services that a cancel came by, comma between. */
  public static final String CANCEL_PATH = "ttscp";

  /** The metainfo key that an ACL section stands for. */
  public static final String ACL_TOKEN = "RPC_TRANSIT_gdpr-token";

  static final byte[] ACL_TOKEN_BYTES = ACL_TOKEN.getBytes(StandardCharsets.US_ASCII);

  /** By the int key: what Kitex calls it. */
  private static final String[] NAMES = {
    "MeshVersion",
    "TransportType",
    "LogID",
    "FromService",
    "FromCluster",
    "FromIDC",
    "ToService",
    "ToCluster",
    "ToIDC",
    "ToMethod",
    "Env",
    "DestAddress",
    "RPCTimeout",
    "ReadTimeout",
    "RingHashKey",
    "DDPTag",
    "WithMeshHeader",
    "ConnectTimeout",
    "SpanContext",
    "ShortConnection",
    "FromMethod",
    "StressTag",
    "MsgType",
    "HTTPContentType",
    "RawRingHashKey",
    "LBType",
    "ClusterShardID",
    "FrameType",
  };

  private TTHeaderKeys() {}

  /** What Kitex calls an int key; {@code unknown} if it is none of its own. */
  public static String name(int key) {
    return key < NAMES.length ? NAMES[key] : "unknown";
  }
}
