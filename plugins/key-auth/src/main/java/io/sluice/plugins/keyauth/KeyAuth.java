package io.sluice.plugins.keyauth;

import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.sluice.api.WatchedFile;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Refuses calls without a key that is known, and gives the others the identity of who has it. */
final class KeyAuth implements Filter {
  private static final Logger LOG = LoggerFactory.getLogger(KeyAuth.class);

  /** Some 90 bytes a line are usual. */
  private static final int MAX_FILE = 16 << 20;

  private static final Step NO_KEY = Step.reject(Status.unauthenticated("no key"));
  private static final Step UNKNOWN_KEY = Step.reject(Status.unauthenticated("unknown key"));

  private final KeyAuthSettings settings;
  private final Keys own;
  private Supplier<Keys> keys;
  private FilterContext.Counter refused;

  /**
   * @param own the keys of the settings
   */
  KeyAuth(KeyAuthSettings settings, Keys own) {
    this.settings = settings;
    this.own = own;
    this.keys = () -> own;
  }

  @Override
  public void start(FilterContext context) throws Exception {
    refused = context.counter("key_auth_refused", "Calls that key-auth has refused.");
    if (settings.file() != null) {
      keys =
          WatchedFile.open(
                  context,
                  settings.file(),
                  settings.refresh(),
                  MAX_FILE,
                  own::with,
                  fault -> LOG.atWarn().setMessage("key-auth: {}").addArgument(fault).log())
              ::get;
    }
    context.gauge("key_auth_keys", "Keys that key-auth knows.", () -> keys.get().size());
  }

  @Override
  public Step onRequest(Call call) {
    String key = call.sent(settings.metadata());
    if (key == null || key.isEmpty()) {
      refused.add(1);
      return NO_KEY;
    }
    if (!settings.keep()) {
      call.removeSent(settings.metadata());
    }
    String identity = keys.get().identity(key);
    if (identity == null) {
      refused.add(1);
      return UNKNOWN_KEY;
    }
    call.identity(identity);
    return Step.NEXT;
  }
}
