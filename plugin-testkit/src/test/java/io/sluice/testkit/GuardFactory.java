package io.sluice.testkit;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.FilterFactory;
import io.sluice.api.Setting;
import io.sluice.api.Status;
import io.sluice.api.Step;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.pf4j.Extension;

/** A filter that refuses methods and marks what passes; it may forget a thread. */
@Extension
public final class GuardFactory implements FilterFactory<GuardFactory.Settings> {

  /** What it is told. */
  public record Settings(
      @Setting("Methods that nobody may call.") List<String> refuse,
      @Setting(value = "How many times it says so.", fallback = "1", min = 1, max = 3) int times,
      @Setting(value = "Whether a thread of it goes on after its stop.", fallback = "false")
          boolean forgetful) {}

  @Override
  public String name() {
    return "guard";
  }

  @Override
  public Class<Settings> settings() {
    return Settings.class;
  }

  @Override
  public Filter create(Settings settings) {
    return new Guard(settings);
  }

  private record Guard(Settings settings) implements Filter {
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    @Override
    public void start(FilterContext context) {
      if (settings.forgetful()) {
        Thread thread = new Thread(Guard::forget, "forgotten");
        thread.setDaemon(true);
        thread.start();
      }
    }

    private static void forget() {
      try {
        NEVER.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public Step onRequest(Call call) {
      if (settings.refuse().contains(call.method())) {
        return Step.reject(Status.forbidden("not this".repeat(settings.times())));
      }
      call.metadata().set("x-guarded", "yes");
      return Step.NEXT;
    }

    @Override
    public Step onResponse(Call call) {
      call.responseMetadata().set("x-answered", "yes");
      return Step.NEXT;
    }
  }
}
