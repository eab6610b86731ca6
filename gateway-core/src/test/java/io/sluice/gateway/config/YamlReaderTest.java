package io.sluice.gateway.config;

import static io.sluice.gateway.config.Configs.MINIMAL;
import static io.sluice.gateway.config.Configs.assertFaults;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.gateway.config.ConfigNode.Mapping;
import io.sluice.gateway.config.ConfigNode.Scalar;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class YamlReaderTest {

  @Test
  void everyPieceHasItsPlace() {
    Faults faults = new Faults("g.yaml");
    ConfigNode tree = YamlReader.read("a:\n  b: 'x'\n", faults);
    Mapping inner = (Mapping) ((Mapping) tree).get("a");
    assertThat(inner.at()).isEqualTo(new Mark(2, 3));
    assertThat(inner.entries().get("b").keyAt()).isEqualTo(new Mark(2, 3));
    assertThat(inner.get("b")).isEqualTo(new Scalar(new Mark(2, 6), "x"));
    assertThat(faults.count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n\n", "# nothing\n", "---\n", "~", "null", "\uFEFF"})
  void anEmptyFileIsToldToBeEmpty(String text) {
    assertFaults(text, "1:1: the file is empty");
  }

  @Test
  void aTabIsToldWhereItStands() {
    assertFaults(
        "listeners:\n  a:\n\taddress: x\n",
        "3:1: a tab where YAML wants spaces: indent with spaces");
  }

  @Test
  void brokenYamlIsToldWhereItBreaks() {
    assertFaults(
        "listeners: {a: {address: 'b:1'}\nroutes: []\n",
        "2:1: not YAML: expected ',' or '}', but got <scalar> (while parsing a flow mapping)");
    assertFaults(
        "listeners:\n  rpc:\n    address: 1.1.1.1:5\n   serves: rpc\n",
        "4:4: not YAML: expected <block end>, but found '<block mapping start>' (while parsing a"
            + " block mapping)");
    assertFaults(
        "\"listeners\n",
        "2:1: not YAML: found unexpected end of stream (while scanning a quoted scalar)");
    assertFaults("listeners: *a\n", "1:12: not YAML: found undefined alias a");
  }

  @Test
  void aSecondDocumentIsRefused() {
    assertFaults(MINIMAL + "---\na: b\n", "2:1: a second document: a file holds one");
  }

  @Test
  void aListAsAKeyIsRefused() {
    assertFaults(
        MINIMAL + "? [a, b]\n: c\n", "2:3: a list or mapping as a key: a key is a single word");
  }

  @Test
  void aTagIsRefused() {
    assertFaults(
        "listeners: !!map {a: !java.lang.Runtime {address: 'a:1'}}\n",
        "1:22: unknown tag '!java.lang.Runtime': tags have no meaning here");
  }

  /** {@code %0D} stands for a carriage return, which the YAML library throws at. */
  @Test
  void aTagWithABlankAtItsEndIsRefused() {
    assertFaults("!a%0D", "1:1: not YAML: a tag that begins or ends with a blank");
    assertFaults("a: !%20 [b]", "1:4: not YAML: a tag that begins or ends with a blank");
  }

  @Test
  void aMergeKeyIsAKeyLikeAnyOther() {
    assertFaults(
        "listeners: {a: &a {address: 'a:1'}, b: {<<: *a, address: 'b:1'}}\n",
        "1:41: unknown key '<<': keys here are address, serves, exposed, checksum, grpcStatus,"
            + " cancelName, limits, filters");
  }

  @Test
  void aControlCharacterIsToldWhereItStands() {
    assertFaults("listeners:\n  a\u0000b: c\n", "2:4: character U+0000 cannot stand here");
    assertFaults("listeners:\n  \uD800: c\n", "2:3: character U+D800 cannot stand here");
  }

  /** Wherever a character of two chars stands, the buffers of the YAML library included. */
  @Test
  void charactersBeyondTheFirstPlaneMayStandAnywhere() {
    for (int before = 1000; before < 1100; before++) {
      String comment = "# " + "x".repeat(before) + "\uD83D\uDE00\n";
      assertThat(Configs.load(comment + MINIMAL).warnings()).isEmpty();
    }
  }

  @Test
  void anOversizedTextIsNotRead() {
    String text = "#".repeat(YamlReader.MAX_LENGTH + 1);
    assertFaults(text, "1:1: the file has 4194305 characters: at most 4194304");
  }

  @Test
  @Timeout(60)
  void deepNestingIsRefusedBeforeItIsFollowed() {
    assertFaults("[".repeat(1_000_000), "1:65: not YAML: nested more than 64 levels deep");
    assertFaults("- ".repeat(100_000), "1:129: not YAML: nested more than 64 levels deep");
  }

  @Test
  @Timeout(60)
  void anAliasBombIsRefused() {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i <= 45; i++) {
      bomb.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }
    Faults faults = new Faults("g.yaml");
    assertThat(YamlReader.read(bomb.toString(), faults)).isNull();
    assertThat(faults.inOrder())
        .singleElement()
        .satisfies(
            fault ->
                assertThat(fault.what()).isEqualTo("more than 200000 values, aliases expanded"));
  }

  @Test
  void aFaultBehindAnAliasIsToldOnce() {
    assertFaults(
        """
        listeners:
          a: {address: 'a:1', limits: &l {maxKeys: 0}}
          b: {address: 'a:2', limits: *l}
        """,
        "2:44: '0' is too small: at least 1");
  }

  @Test
  void moreAliasesThanAnyoneNeedsAreRefused() {
    assertFaults(
        "a: &a x\nb: [" + "*a,\n".repeat(101) + "]\n", "102:1: not YAML: more than 100 aliases");
  }

  @Test
  @Timeout(60)
  void anAliasOfItsOwnParentIsRefused() {
    assertFaults("listeners: &a {b: *a}\n", "1:12: nested more than 64 levels deep");
  }

  @Test
  @Timeout(120)
  void aLongFileIsRead() {
    StringBuilder text = new StringBuilder(MINIMAL + "clusters:\n");
    for (int i = 0; i < 10_000; i++) {
      text.append("  c%d: {endpoints: ['a:1'], transport: framed}\n".formatted(i));
    }
    assertThat(Configs.load(text.toString()).model().clusters()).hasSize(10_000);
  }
}
