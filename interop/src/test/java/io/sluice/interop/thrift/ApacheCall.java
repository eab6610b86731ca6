package io.sluice.interop.thrift;

import io.sluice.interop.thrift.Values.Field;
import java.net.InetSocketAddress;
import java.util.List;
import org.apache.thrift.TApplicationException;
import org.apache.thrift.TException;

/** One call by Apache Thrift's client, for tests of who is let in. */
public final class ApacheCall {
  private ApacheCall() {}

  /**
   * What the client saw.
   *
   * @param type of the {@link TApplicationException}; -1 if there was none
   * @param text that of the exception, or the result
   */
  public record Seen(int type, String text) {}

  /**
   * Calls the method {@code Text} of {@code InteropService}.
   *
   * @param layer {@code framed} or {@code buffered}
   */
  public static Seen of(InetSocketAddress address, String layer, String text) {
    try (ApacheClient client = new ApacheClient(address, Layer.labelled(layer))) {
      return new Seen(-1, client.call("Text", List.of(Field.text(1, text))).get(0).text());
    } catch (TApplicationException e) {
      return new Seen(e.getType(), e.getMessage());
    } catch (TException e) {
      throw new AssertionError(e);
    }
  }
}
