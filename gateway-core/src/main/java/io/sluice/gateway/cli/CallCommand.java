package io.sluice.gateway.cli;

import io.sluice.api.Protocol;
import io.sluice.gateway.config.Address;
import io.sluice.gateway.config.Durations;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * {@code sluice call}: one ping-pong call, whose body is bytes and whose reply is shown in words.
 */
@Command(
    name = "call",
    description =
        "Make one ping-pong call and show its reply field by field, without an IDL. Ends with 0 if"
            + " a REPLY came.",
    mixinStandardHelpOptions = true)
public final class CallCommand implements SubCommand {
  private static final int FAILED = 1;
  private static final byte[] EMPTY_STRUCT = {0};

  @Spec private CommandSpec spec;

  @Option(
      names = {"-a", "--address"},
      paramLabel = "HOST:PORT",
      required = true,
      converter = AddressConverter.class,
      description = "Whom to call: a gateway, or a service.")
  private Address address;

  @Mixin private CallOptions options;
  @Mixin private HexOptions hex;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "The body, as it is in this file (default: an empty struct or message).")
  private @Nullable Path file;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = TimeConverter.class,
      description =
          "How long to wait for the reply, which is also told (default: ${DEFAULT-VALUE}).")
  private Duration timeout;

  @Override
  public Integer call() {
    if (options.method() == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--method=NAME'");
    }
    if (!options.protocol().isPingPong()) {
      throw new ParameterException(
          spec.commandLine(), options.protocol().label() + " is no ping-pong protocol");
    }
    if (options.protocol() == Protocol.BUFFERED && !options.isThrift()) {
      throw new ParameterException(spec.commandLine(), "Protobuf has no buffered form");
    }
    PrintWriter err = spec.commandLine().getErr();
    if (options.saysTooMuch()) {
      err.println(options.tooMuch());
    }
    byte[] body = body();
    Outline outline = new Outline();
    boolean replied = false;
    try (RawCall raw = RawCall.connect(address, timeout)) {
      raw.send(options.call("", ""), body);
      replied = raw.printReply(outline);
    } catch (IOException e) {
      err.println(e.getMessage());
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(outline);
    out.flush();
    return replied ? 0 : FAILED;
  }

  private byte[] body() {
    if (file != null && hex.isGiven()) {
      throw new ParameterException(spec.commandLine(), "--file and --hex: give one of them");
    }
    if (file == null) {
      return hex.isGiven()
          ? hex.bytes(spec.commandLine())
          : options.isThrift() ? EMPTY_STRUCT : new byte[0];
    }
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw HexOptions.cannotRead(spec.commandLine(), file, e);
    }
  }

  static final class AddressConverter implements ITypeConverter<Address> {
    @Override
    public Address convert(String value) {
      try {
        return Address.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  static final class TimeConverter implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String value) {
      Duration time;
      try {
        time = Durations.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
      if (time.isZero() || time.compareTo(Duration.ofHours(1)) > 0) {
        throw new TypeConversionException("write 1ms to 1h");
      }
      return time;
    }
  }
}
