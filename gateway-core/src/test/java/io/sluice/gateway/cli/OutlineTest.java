package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.HexFormat;
import java.util.Random;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TSet;
import org.apache.thrift.protocol.TStruct;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.junit.jupiter.api.Test;

/**
 * Bodies in words: what Apache Thrift writes, what Protobuf's own examples are, and what is none.
 */
class OutlineTest {
  private static String thrift(ByteBuf body) {
    Outline out = new Outline();
    ThriftOutline.print(body, out);
    return out.toString();
  }

  private static String protobuf(String hex) {
    Outline out = new Outline();
    ProtobufOutline.print(bytes(hex), out);
    return out.toString();
  }

  private static ByteBuf bytes(String hex) {
    return Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  /** Writes fields by Apache Thrift's protocol. */
  @FunctionalInterface
  private interface Fields {
    void write(TBinaryProtocol out) throws TException;
  }

  private static ByteBuf struct(Fields fields) throws TException {
    TMemoryBuffer memory = new TMemoryBuffer(256);
    TBinaryProtocol out = new TBinaryProtocol(memory);
    out.writeStructBegin(new TStruct());
    fields.write(out);
    out.writeFieldStop();
    return Unpooled.wrappedBuffer(memory.getArray(), 0, memory.length());
  }

  private static void field(TBinaryProtocol out, byte type, int id) throws TException {
    out.writeFieldBegin(new TField("", type, (short) id));
  }

  @Test
  void everyTypeOfThriftHasItsForm() throws TException {
    ByteBuf body =
        struct(
            out -> {
              field(out, TType.BOOL, 1);
              out.writeBool(true);
              field(out, TType.BYTE, 2);
              out.writeByte((byte) -2);
              field(out, TType.I16, 3);
              out.writeI16((short) -300);
              field(out, TType.I32, 4);
              out.writeI32(70_000);
              field(out, TType.I64, 5);
              out.writeI64(1L << 40);
              field(out, TType.DOUBLE, 6);
              out.writeDouble(0.5);
              field(out, TType.STRING, 7);
              out.writeString("a \"b\"\n");
              field(out, TType.STRING, -8);
              out.writeString("\u0001");
              field(out, TType.STRUCT, 9);
              field(out, TType.STRUCT, 1);
              out.writeFieldStop();
              out.writeFieldStop();
              field(out, TType.LIST, 10);
              out.writeListBegin(new TList(TType.I32, 2));
              out.writeI32(1);
              out.writeI32(2);
              field(out, TType.SET, 11);
              out.writeSetBegin(new TSet(TType.STRING, 0));
              field(out, TType.MAP, 12);
              out.writeMapBegin(new TMap(TType.STRING, TType.LIST, 1));
              out.writeString("k");
              out.writeListBegin(new TList(TType.BOOL, 1));
              out.writeBool(false);
            });
    assertThat(thrift(body))
        .isEqualTo(
            """
            1: bool true
            2: byte -2
            3: i16 -300
            4: i32 70000
            5: i64 1099511627776
            6: double 0.5
            7: string "a \\"b\\"\\u000a"
            -8: string 1 bytes 01
            9: struct
              1: struct
                (no field)
            10: list<i32> of 2
              i32 1
              i32 2
            11: set of 0
            12: map<string, list> of 1
              key string "k"
              value list<bool> of 1
                bool false
            """);
  }

  @Test
  void aBrokenStructIsShownAsFarAsItGoes() {
    assertThat(thrift(bytes("08 0001 00000007 0b 0002 00000009 61")))
        .isEqualTo("1: i32 7\n! a text of 9 bytes is cut, 8 bytes are missing, at byte 14 of 15\n");
    assertThat(thrift(bytes("63 0001"))).isEqualTo("! unknown type 99, at byte 0 of 3\n");
    assertThat(thrift(bytes("0f 0001 03 ffffffff")))
        .isEqualTo("! a container with the size -1, at byte 8 of 8\n");
    assertThat(thrift(bytes("00 6162")))
        .isEqualTo("(no field)\n! 2 bytes follow the struct: 6162\n");
    assertThat(thrift(bytes(""))).startsWith("! a field is cut");
  }

  @Test
  void nestingAndClaimsAreBounded() {
    String deep = thrift(bytes("0c 0001".repeat(100)));
    assertThat(deep).contains("! nested deeper than 64");
    assertThat(thrift(bytes("0f 0001 02 7fffffff 01".replace(" ", "") + "01".repeat(5000))).lines())
        .hasSize(2001)
        .last()
        .isEqualTo("… and more");
    ByteBuf nested = Unpooled.buffer();
    for (int i = 0; i < 100; i++) {
      ByteBuf outer = Unpooled.buffer().writeByte(0x0a);
      int n = nested.readableBytes();
      outer.writeByte(n & 0x7F | 0x80).writeByte(n >> 7).writeBytes(nested);
      nested = outer;
    }
    Outline out = new Outline();
    ProtobufOutline.print(nested, out);
    assertThat(out.toString()).contains("! nested deeper than 64");
  }

  /** The examples of Protobuf's page on its encoding, and what is ambiguous in it. */
  @Test
  void protobufIsGuessed() {
    assertThat(protobuf("08 9601")).isEqualTo("1: varint 150\n");
    assertThat(protobuf("12 07 74657374696e67")).isEqualTo("2: text \"testing\"\n");
    assertThat(protobuf("1a 03 08 96 01")).isEqualTo("3: message\n  1: varint 150\n");
    assertThat(protobuf("22 02 ff ff")).isEqualTo("4: 2 bytes ffff\n");
    assertThat(protobuf("0d 0000803f")).isEqualTo("1: fixed32 1065353216 or float 1.0\n");
    assertThat(protobuf("09 000000000000f03f"))
        .isEqualTo("1: fixed64 4607182418800017408 or double 1.0\n");
    assertThat(protobuf("0b 10 01 0c")).isEqualTo("1: group\n  2: varint 1\n");
    assertThat(protobuf("")).isEqualTo("(no field)\n");
    assertThat(protobuf("0a 00")).isEqualTo("1: text \"\"\n");
  }

  @Test
  void aBrokenMessageIsShownAsFarAsItGoes() {
    assertThat(protobuf("08 01 12 05 61"))
        .isEqualTo("1: varint 1\n! a field is cut, at byte 4 of 5\n");
    assertThat(protobuf("0c")).startsWith("! the end of a group that never began");
    assertThat(protobuf("0f")).startsWith("! wire type 7");
    assertThat(protobuf("00")).startsWith("! field number 0");
    assertThat(protobuf("08 ffffffffffffffffffff01"))
        .startsWith("! a number of more than ten bytes");
  }

  @Test
  void anyBytesEndInLines() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] any = new byte[random.nextInt(60)];
      random.nextBytes(any);
      for (int j = 0; j < any.length; j++) {
        // Mostly small numbers, which are types and lengths.
        any[j] = random.nextInt(4) > 0 ? (byte) random.nextInt(16) : any[j];
      }
      assertThat(thrift(Unpooled.wrappedBuffer(any))).isNotEmpty();
      assertThat(protobuf(HexFormat.of().formatHex(any))).isNotEmpty();
    }
  }
}
