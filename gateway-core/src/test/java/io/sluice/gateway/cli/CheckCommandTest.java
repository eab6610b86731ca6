package io.sluice.gateway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckCommandTest {
  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("gateway.yaml"), text);
  }

  private static Ran check(Path file, String... more) {
    String[] args = new String[more.length + 1];
    args[0] = file.toString();
    System.arraycopy(more, 0, args, 1, more.length);
    return Ran.of(new CheckCommand(), args);
  }

  @Test
  void aGoodFileIsSummedUp() throws IOException {
    Path file =
        file(
            """
            listeners: {rpc: {address: 'localhost:0'}, admin: {address: 'localhost:0', serves: admin}}
            clusters: {c: {endpoints: ['a:1'], transport: framed}}
            routes: [{cluster: c}]
            """);
    Ran ran = check(file, "--strict");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out().strip())
        .isEqualTo(file + " is right: 2 listeners, 1 cluster, 1 route, 0 filters");
    assertThat(ran.code()).isZero();
  }

  @Test
  void allFaultsAreToldAtOnce() throws IOException {
    Path file =
        file(
            """
            listeners: {rpc: {address: 'localhost:0'}}
            clutsers: {}
            routes: [{cluster: c}, {match: {caller: a}, cluster: d}]
            """);
    Ran ran = check(file);
    assertThat(ran.err().lines())
        .containsExactly(
            file + ":2:1: unknown key 'clutsers': did you mean 'clusters'?",
            file + ":3:20: cluster 'c' is not defined: there is none",
            file + ":3:54: cluster 'd' is not defined: there is none");
    assertThat(ran.out()).isEmpty();
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void aMissingFileIsAFault() {
    Path file = folder.resolve("none.yaml");
    Ran ran = check(file);
    assertThat(ran.err().strip()).isEqualTo(file + ": there is no such file");
    assertThat(ran.code()).isEqualTo(1);
  }

  @Test
  void multiplexingIsNoted() throws IOException {
    Path file =
        file(
            """
            listeners: {rpc: {address: 'localhost:0'}}
            clusters: {c: {endpoints: ['a:1'], transport: {unary: ttheader, multiplex: true}}}
            routes: [{cluster: c}]
            """);
    Ran ran = check(file, "--strict");
    assertThat(ran.err().strip())
        .isEqualTo(
            file
                + ": note: cluster 'c' multiplexes: an ordinary Kitex server answers the calls of one"
                + " connection one after the other");
    assertThat(ran.code()).isZero();
  }

  @Test
  void whatIsHardlyMeantIsAWarning() throws IOException {
    Path file =
        file(
            """
            listeners: {rpc: {address: 'localhost:0'}}
            clusters:
              c: {endpoints: ['a:1'], transport: framed}
              d: {endpoints: ['a:1'], transport: framed}
            routes:
              - {match: {prefix: shop.}, cluster: c}
              - {match: {glob: shop.*, method: get}, cluster: c}
              - {match: {service: S, listener: rpc}, cluster: c}
              - {match: {service: S}, cluster: c}
              - {match: {glob: T}, name: glob, cluster: c}
              - {match: {service: T}, cluster: c}
              - {match: {codec: protobuf, protocol: ttstream}, cluster: c}
              - {match: {glob: "*", caller: a}, cluster: c}
              - {match: {caller: a}, cluster: c}
              - {match: {caller: b}, cluster: c}
              - {match: {service: U, method: "*"}, cluster: c}
              - {match: {service: U, method: get}, cluster: c}
              - {match: {service: U}, cluster: c}
            """);
    Ran ran = check(file);
    String shadow = " is more specific and takes all of them";
    assertThat(ran.err().lines().map(line -> line.replace(file + ":", "")))
        .containsExactly(
            "4:3: warning: cluster 'd' is never used: no route leads to it",
            "7:13: warning: route 'shop.*/get' takes no call: 'shop.*' in line 6" + shadow,
            "9:13: warning: route 'S' takes no call: 'S[listener=rpc]' in line 8" + shadow,
            "10:13: warning: route 'glob' takes no call: 'T' in line 11" + shadow,
            "12:13: warning: route '[codec=protobuf][protocol=ttstream]' takes no call: there is no"
                + " Protobuf on this protocol",
            "14:13: warning: route '[caller=a]' takes no call: '*[caller=a]' in line 13" + shadow,
            "18:13: warning: route 'U' takes no call: 'U/*' in line 16" + shadow);
    assertThat(ran.out()).endsWith("13 routes, 0 filters, 7 warnings\n");
    assertThat(ran.code()).isZero();
    assertThat(check(file, "--strict").code()).isEqualTo(1);
  }
}
