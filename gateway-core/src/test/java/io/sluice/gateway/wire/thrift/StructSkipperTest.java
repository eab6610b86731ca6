package io.sluice.gateway.wire.thrift;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.sluice.gateway.wire.WireException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TBinaryProtocol;
import org.apache.thrift.protocol.TField;
import org.apache.thrift.protocol.TList;
import org.apache.thrift.protocol.TMap;
import org.apache.thrift.protocol.TSet;
import org.apache.thrift.protocol.TType;
import org.apache.thrift.transport.TMemoryBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Structs written by Apache Thrift end where the skipper says, however they arrive. */
class StructSkipperTest {
  private static final int LIMIT = 1 << 20;
  private static final byte[] TYPES = {
    TType.BOOL,
    TType.BYTE,
    TType.DOUBLE,
    TType.I16,
    TType.I32,
    TType.I64,
    TType.STRING,
    TType.STRUCT,
    TType.MAP,
    TType.SET,
    TType.LIST
  };

  @Test
  void endsWhereTheStructEnds() throws TException {
    for (int seed = 0; seed < 500; seed++) {
      byte[] struct = struct(new Random(seed));
      ByteBuf bytes = Unpooled.buffer().writeBytes(struct).writeBytes(new byte[] {11, 0, 0, 127});
      StructSkipper skipper = new StructSkipper();
      skipper.begin(LIMIT);
      assertThat(skipper.skip(bytes, 0)).as("seed %d", seed).isTrue();
      assertThat(skipper.length()).isEqualTo(struct.length);
    }
  }

  @Test
  void goesOnWhereItStopped() throws TException {
    StructSkipper skipper = new StructSkipper();
    for (int seed = 0; seed < 200; seed++) {
      byte[] struct = struct(new Random(seed));
      ByteBuf bytes = Unpooled.buffer().writeZero(5);
      skipper.begin(LIMIT);
      for (int i = 0; i < struct.length; i++) {
        assertThat(skipper.skip(bytes, 5)).as("seed %d, byte %d", seed, i).isFalse();
        bytes.writeByte(struct[i]);
      }
      assertThat(skipper.skip(bytes, 5)).isTrue();
      assertThat(skipper.length()).isEqualTo(struct.length);
    }
  }

  private static byte[] struct(Random random) throws TException {
    TMemoryBuffer memory = new TMemoryBuffer(256);
    writeStruct(new TBinaryProtocol(memory), random, 0);
    return Arrays.copyOf(memory.getArray(), memory.length());
  }

  private static void writeStruct(TBinaryProtocol out, Random random, int depth) throws TException {
    for (int n = random.nextInt(4); n > 0; n--) {
      byte type = type(random, depth);
      out.writeFieldBegin(new TField("", type, (short) n));
      write(out, type, random, depth);
    }
    out.writeFieldStop();
  }

  private static byte type(Random random, int depth) {
    return TYPES[random.nextInt(depth < 5 ? TYPES.length : 7)];
  }

  private static void write(TBinaryProtocol out, byte type, Random random, int depth)
      throws TException {
    switch (type) {
      case TType.BOOL -> out.writeBool(random.nextBoolean());
      case TType.BYTE -> out.writeByte((byte) random.nextInt());
      case TType.DOUBLE -> out.writeDouble(random.nextDouble());
      case TType.I16 -> out.writeI16((short) random.nextInt());
      case TType.I32 -> out.writeI32(random.nextInt());
      case TType.I64 -> out.writeI64(random.nextLong());
      case TType.STRING -> out.writeString("x".repeat(random.nextInt(20)));
      case TType.STRUCT -> writeStruct(out, random, depth + 1);
      case TType.MAP -> {
        byte key = type(random, depth + 1);
        byte value = type(random, depth + 1);
        int n = random.nextInt(4);
        out.writeMapBegin(new TMap(key, value, n));
        for (; n > 0; n--) {
          write(out, key, random, depth + 1);
          write(out, value, random, depth + 1);
        }
      }
      default -> {
        byte element = type(random, depth + 1);
        int n = random.nextInt(5);
        if (type == TType.SET) {
          out.writeSetBegin(new TSet(element, n));
        } else {
          out.writeListBegin(new TList(element, n));
        }
        for (; n > 0; n--) {
          write(out, element, random, depth + 1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, StructSkipper.MAX_DEPTH})
  void nestsAsDeepAsKitex(int depth) {
    ByteBuf bytes = nested(depth);
    StructSkipper skipper = new StructSkipper();
    skipper.begin(LIMIT);
    assertThat(skipper.skip(bytes, 0)).isTrue();
    assertThat(skipper.length()).isEqualTo(bytes.readableBytes());
  }

  @Test
  void nestsNoDeeper() {
    assertRefused(nested(StructSkipper.MAX_DEPTH + 1), "nested deeper than 64");
  }

  private static ByteBuf nested(int depth) {
    ByteBuf bytes = Unpooled.buffer();
    for (int i = 1; i < depth; i++) {
      bytes.writeByte(TType.STRUCT).writeShort(1);
    }
    return bytes.writeZero(depth);
  }

  @ParameterizedTest
  @CsvSource({
    "unknown type,            010001 00",
    "unknown type,            100001 00",
    "unknown type,            ff0001 00",
    "unknown type in a list,  0f0001 01 00000001 00",
    "negative length,         0b0001 ffffffff",
    "negative count,          0f0001 08 80000000",
    "negative count of pairs, 0d0001 0b 0b ffffffff",
    "a text beyond the limit, 0b0001 00100000",
    "a list beyond it,        0f0001 0a 00020000",
    "of empty structs,        0f0001 0c 00100000",
    "of texts,                0e0001 0b 00040000",
    "pairs beyond it,         0d0001 02 0b 00033334",
    "most there can be,       0d0001 0d 0d 7fffffff",
  })
  void refusesAtOnce(String what, String hex) {
    assertRefused(Unpooled.wrappedBuffer(HexFormat.of().parseHex(hex.replace(" ", ""))), "Thrift");
  }

  private static void assertRefused(ByteBuf bytes, String why) {
    StructSkipper skipper = new StructSkipper();
    skipper.begin(LIMIT);
    assertThatThrownBy(() -> skipper.skip(bytes, 0))
        .isInstanceOf(WireException.class)
        .hasMessageContaining(why);
  }

  /** Some peers write no types for a container without values. */
  @Test
  void anEmptyContainerMayHaveAnyType() {
    ByteBuf bytes =
        Unpooled.wrappedBuffer(
            HexFormat.of().parseHex("0d0001000000000000" + "0f0002" + "0000000000" + "00"));
    StructSkipper skipper = new StructSkipper();
    skipper.begin(LIMIT);
    assertThat(skipper.skip(bytes, 0)).isTrue();
  }
}
