package io.sluice.interop.harness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The conformance test of HTTP/2 servers, built once. */
public final class H2spec {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** What came of a case. */
  public enum Verdict {
    PASSED,
    SKIPPED,
    FAILED
  }

  private H2spec() {}

  private static final class Binary {
    static final Path PATH =
        GoBuild.of(Places.h2spec(), "github.com/summerwind/h2spec/cmd/h2spec", "h2spec");
  }

  /**
   * Runs all cases against a server, the strict ones too.
   *
   * @param seconds that a case waits for what is to come, or is not to come
   * @return by the number of a section and the words of a case
   */
  public static Map<String, Verdict> run(InetSocketAddress server, int seconds) {
    try {
      Path report = Files.createTempFile(Places.target(), "h2spec-", ".xml");
      ProcessBuilder builder =
          new ProcessBuilder(
              Binary.PATH.toString(),
              "--strict",
              "--host",
              server.getAddress().getHostAddress(),
              "--port",
              Integer.toString(server.getPort()),
              "--timeout",
              Integer.toString(seconds),
              "--junit-report",
              report.toString());
      try (ChildProcess child = ChildProcess.start("h2spec", builder)) {
        child.awaitExit(LIMIT);
        if (Files.size(report) == 0) {
          throw new AssertionError("h2spec made no report\n" + child.output());
        }
      }
      Map<String, Verdict> verdicts = read(report);
      Files.delete(report);
      return verdicts;
    } catch (IOException | ParserConfigurationException | SAXException e) {
      throw new AssertionError("cannot read what h2spec reported", e);
    }
  }

  private static Map<String, Verdict> read(Path report)
      throws IOException, ParserConfigurationException, SAXException {
    NodeList cases =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(report.toFile())
            .getElementsByTagName("testcase");
    Map<String, Verdict> verdicts = new TreeMap<>();
    for (int i = 0; i < cases.getLength(); i++) {
      Element one = (Element) cases.item(i);
      String name = one.getAttribute("package") + ' ' + one.getAttribute("classname");
      boolean bad = has(one, "error") || has(one, "failure");
      Verdict verdict = has(one, "skipped") ? Verdict.SKIPPED : Verdict.PASSED;
      verdicts.put(name, bad ? Verdict.FAILED : verdict);
    }
    return verdicts;
  }

  private static boolean has(Element element, String child) {
    return element.getElementsByTagName(child).getLength() > 0;
  }
}
