package io.sluice.gateway;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arrows of docs/architecture.md, as they are in the code. */
class ArchitectureTest {
  private static final String GATEWAY = "io.sluice.gateway.";

  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.sluice.gateway", "io.sluice.api");

  /** Each package with all others of the gateway that it may know. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "call,",
    "loop,",
    "config, filter",
    "context, config filter",
    "filter,",
    "plugin, filter",
    "wire, call",
    "route, config filter",
    "exchange, call filter loop route",
    "server, call loop wire config",
    "translate, call loop wire",
    "client, call loop wire config route exchange translate",
    "observe, call exchange filter loop",
    "admin, config",
    "cli, call config exchange filter plugin route wire",
  })
  void knowsOnly(String name, String others) {
    Set<String> allowed = new TreeSet<>();
    allowed.add(GATEWAY + name + "..");
    for (String other : others == null ? new String[0] : others.split(" ")) {
      allowed.add(GATEWAY + other + "..");
    }
    if (name.equals("cli")) {
      // The one that has no package of its own: the gateway as a whole.
      allowed.add("io.sluice.gateway");
    }
    DescribedPredicate<JavaClass> notAllowed =
        describe(
            "of the gateway, but not in " + allowed,
            c ->
                resideInAPackage("io.sluice.gateway..").test(c)
                    && !resideInAnyPackage(allowed.toArray(String[]::new)).test(c));
    noClasses()
        .that()
        .resideInAPackage(GATEWAY + name + "..")
        .should()
        .dependOnClassesThat(notAllowed)
        .check(CODE);
  }

  /** So that the list above cannot fall behind. */
  @Test
  void everyPackageHasItsRule() {
    Set<String> packages =
        CODE.stream()
            .map(JavaClass::getPackageName)
            .filter(p -> p.startsWith(GATEWAY))
            .map(p -> p.substring(GATEWAY.length()).split("\\.")[0])
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(packages)
        .containsExactlyInAnyOrder(
            "admin",
            "call",
            "cli",
            "client",
            "config",
            "context",
            "exchange",
            "filter",
            "loop",
            "observe",
            "plugin",
            "route",
            "server",
            "translate",
            "wire");
  }

  @Test
  void theSidesNeverMeet() {
    noClasses()
        .that()
        .resideInAPackage(GATEWAY + "server..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(GATEWAY + "client..")
        .check(CODE);
    noClasses()
        .that()
        .resideInAPackage(GATEWAY + "client..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(GATEWAY + "server..")
        .check(CODE);
  }

  @Test
  void packagesFormNoCircle() {
    slices().matching("io.sluice.gateway.(*)..").should().beFreeOfCycles().check(CODE);
  }

  @Test
  void onlyTheGatewayAndItsCommandsAssemble() {
    classes()
        .that()
        .resideInAnyPackage(GATEWAY + "server..", GATEWAY + "admin..", GATEWAY + "observe..")
        .should()
        .onlyHaveDependentClassesThat(
            resideInAnyPackage(
                "io.sluice.gateway",
                GATEWAY + "cli..",
                GATEWAY + "server..",
                GATEWAY + "admin..",
                GATEWAY + "observe.."))
        .check(CODE);
  }

  @Test
  void theModelAndTheCodecsDoNoIo() {
    noClasses()
        .that()
        .resideInAnyPackage(GATEWAY + "call..", GATEWAY + "wire..")
        .and()
        .resideOutsideOfPackage(GATEWAY + "wire.http2..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty.channel..", "io.vertx..", "java.util.concurrent.locks..")
        .check(CODE);
  }

  @Test
  void theLoopKnowsNothingOfVertx() {
    noClasses()
        .that()
        .resideInAPackage(GATEWAY + "loop..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vertx..", "io.sluice.api..")
        .check(CODE);
  }

  /** What a filter's author sees would break with every version of Netty otherwise. */
  @Test
  void theApiShowsNothingOfTheNetworkLibrary() {
    DescribedPredicate<JavaClass> netty = resideInAPackage("io.netty..");
    assertThat(
            CODE.stream()
                .filter(resideInAPackage("io.sluice.api.."))
                .flatMap(c -> c.getMembers().stream())
                .filter(m -> mentions(m, netty))
                .map(JavaMember::getFullName))
        .isEmpty();
    noClasses()
        .that()
        .resideInAPackage("io.sluice.api..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "io.sluice.gateway..")
        .check(CODE);
    noClasses()
        .that()
        .resideInAPackage("io.sluice.api..")
        .should()
        .dependOnClassesThat(
            describe(
                "of Vert.x, but not Future, HttpClient and SocketAddress",
                c ->
                    resideInAPackage("io.vertx..").test(c)
                        && !c.getName().equals("io.vertx.core.Future")
                        && !c.getName().equals("io.vertx.core.http.HttpClient")
                        && !c.getName().equals("io.vertx.core.net.SocketAddress")))
        .check(CODE);
  }

  private static boolean mentions(JavaMember member, DescribedPredicate<JavaClass> what) {
    return member instanceof JavaMethod method
        && (what.test(method.getRawReturnType())
            || method.getRawParameterTypes().stream().anyMatch(what));
  }

  @Test
  void everyPackageSaysWhatItIsAndWhereNullIs() throws ClassNotFoundException {
    Set<String> packages =
        CODE.stream().map(JavaClass::getPackageName).collect(Collectors.toCollection(TreeSet::new));
    assertThat(packages).contains("io.sluice.api", "io.sluice.gateway.wire.pingpong");
    for (String name : packages) {
      assertThat(Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
          .as(name)
          .isTrue();
    }
  }
}
