package io.sluice.interop.soak;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * One stream as its caller sees it: what it has said and heard, and how it is to end. Every message
 * has the stream's name and its own number in it, so that none can be taken for another's.
 */
final class Talk {
  private static final byte I32 = 8;
  private static final byte I64 = 10;
  private static final byte STRING = 11;
  private static final byte STRUCT = 12;
  private static final byte STOP = 0;

  /** The text of a Kitex server's error. */
  private static final String FAILURE = "plain failure";

  /** How a stream is to end. */
  enum Script {
    /** By its caller's half close, when the server has echoed everything. */
    HALF_CLOSE("Echo"),
    /** By the server, after as many messages as it was asked for. */
    SERVER_ENDS("Count"),
    /** By an error of the server, after as many echoes as it was asked for. */
    SERVER_FAILS("Echo"),
    /** By its caller's cancel; nobody hears of it any more. */
    CANCEL("Echo"),
    /** By its deadline. */
    DEADLINE("Echo");

    private final String method;

    Script(String method) {
      this.method = method;
    }
  }

  private final StreamCaller caller;
  private final Script script;
  private final byte[] name;
  private final int timeoutMillis;
  private final long openedAt = System.currentTimeMillis();

  /** What stands for it at its caller. */
  private Object handle;

  private int said;
  private int heard;

  /** How many messages are to come before the end. */
  private int due;

  /**
   * @param timeoutMillis 0 for none
   */
  Talk(StreamCaller caller, Script script, String name, int timeoutMillis) {
    this.caller = caller;
    this.script = script;
    this.name = Wire.ascii(name);
    this.timeoutMillis = timeoutMillis;
  }

  StreamCaller caller() {
    return caller;
  }

  Script script() {
    return script;
  }

  String method() {
    return script.method;
  }

  int timeoutMillis() {
    return timeoutMillis;
  }

  int said() {
    return said;
  }

  Object handle() {
    return handle;
  }

  void handle(Object handle) {
    this.handle = handle;
  }

  /** The next message, which will be echoed. */
  byte[] next() {
    due++;
    return message(said++, new byte[0]);
  }

  /** The one message that asks for so many. */
  byte[] asking(int count) {
    due = count;
    return message(
        said++, ByteBuffer.allocate(7).put(I32).putShort((short) 2).putInt(count).array());
  }

  /** The first message, where the server is to fail after so many echoes. */
  byte[] failing(int after) {
    due = after;
    byte[] kind = Wire.ascii("plain");
    return message(
        said++,
        ByteBuffer.allocate(14 + kind.length)
            .put(STRING)
            .putShort((short) 3)
            .putInt(kind.length)
            .put(kind)
            .put(I32)
            .putShort((short) 4)
            .putInt(after)
            .array());
  }

  /** A message that only makes the server fail. */
  byte[] last() {
    return message(said++, new byte[0]);
  }

  /** {@code Msg} with its first two fields, and a plan with these fields. */
  private byte[] message(int number, byte[] plan) {
    byte[] head = head(number);
    if (plan.length == 0) {
      return ByteBuffer.allocate(head.length + 1).put(head).put(STOP).array();
    }
    return ByteBuffer.allocate(head.length + 3 + plan.length + 2)
        .put(head)
        .put(STRUCT)
        .putShort((short) 4)
        .put(plan)
        .put(STOP)
        .put(STOP)
        .array();
  }

  private byte[] head(int number) {
    return ByteBuffer.allocate(18 + name.length)
        .put(I64)
        .putShort((short) 1)
        .putLong(number)
        .put(STRING)
        .putShort((short) 2)
        .putInt(name.length)
        .put(name)
        .array();
  }

  /**
   * A message has come.
   *
   * @return what is wrong with it; empty if nothing
   */
  String hear(ByteBuf message) {
    byte[] head = head(heard);
    if (message.readableBytes() <= head.length
        || !Unpooled.wrappedBuffer(head)
            .equals(message.slice(message.readerIndex(), head.length))) {
      return this + " hears another's message";
    }
    heard++;
    return heard > due ? this + " hears more than is due" : "";
  }

  /**
   * It has been ended by the other side.
   *
   * @return what is wrong with that; empty if nothing
   */
  String judge(boolean ok, String why) {
    boolean right =
        switch (script) {
          case HALF_CLOSE, SERVER_ENDS -> ok && heard == due;
          case SERVER_FAILS -> !ok && why.contains(FAILURE) && heard == due;
          case CANCEL -> false;
          case DEADLINE -> !ok && System.currentTimeMillis() - openedAt >= timeoutMillis;
        };
    return right ? "" : this + " ends " + (ok ? "well" : "with '" + why + '\'');
  }

  @Override
  public String toString() {
    return caller
        + " stream "
        + new String(name, StandardCharsets.US_ASCII)
        + ' '
        + script
        + ": said "
        + said
        + ", heard "
        + heard
        + " of "
        + due
        + ", timeout "
        + timeoutMillis;
  }
}
