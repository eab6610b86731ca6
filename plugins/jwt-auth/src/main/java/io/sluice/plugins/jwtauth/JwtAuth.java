package io.sluice.plugins.jwtauth;

import io.sluice.api.Cache;
import io.sluice.api.Call;
import io.sluice.api.Filter;
import io.sluice.api.FilterContext;
import io.sluice.api.Metadata;
import io.sluice.api.Status;
import io.sluice.api.Step;
import io.vertx.core.Future;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Refuses calls without a good token, and gives the others the identity that theirs names. A token
 * that was good is remembered by its digest; slow checks are made on a worker.
 */
final class JwtAuth implements Filter {
  /** How long a token is remembered at most, however long it is good. */
  private static final Duration MAX_AGE = Duration.ofHours(1);

  private static final Step BUSY =
      Step.reject(Status.overLimit("too many tokens are to be checked"));

  private final JwtAuthSettings settings;
  private final List<KeySource> sources;
  private final Verifier verifier;

  /** The metadata that claims go on by, in the order of {@link Token#values}. */
  private final List<String> forwarded;

  private FilterContext context;
  private @Nullable Cache<ByteBuffer, Token> cache;
  private FilterContext.Counter refused;
  private FilterContext.Counter checked;

  JwtAuth(JwtAuthSettings settings, List<KeySource> sources) {
    this.settings = settings;
    this.sources = sources;
    this.verifier = new Verifier(settings, sources);
    this.forwarded = List.copyOf(settings.claims().values());
  }

  @Override
  public void start(FilterContext context) throws Exception {
    this.context = context;
    refused = context.counter("jwt_auth_refused", "Calls that jwt-auth has refused.");
    checked = context.counter("jwt_auth_checked", "Tokens whose signature jwt-auth has checked.");
    if (settings.cache() > 0) {
      cache = context.cache(settings.cache(), MAX_AGE);
    }
    for (KeySource source : sources) {
      source.open(context, settings.refresh());
    }
  }

  @Override
  public Step onRequest(Call call) {
    String sent = call.sent(settings.metadata());
    String text = sent == null ? null : token(sent);
    if (!settings.keep()) {
      call.removeSent(settings.metadata());
    }
    forwarded.forEach(call::removeSent);
    if (text == null) {
      return refuse(Refusal.NO_TOKEN);
    }
    if (text.length() > settings.maxLength()) {
      return refuse(Refusal.MALFORMED);
    }
    ByteBuffer digest = cache == null ? null : digest(text);
    Token known = digest == null ? null : cache.get(digest);
    return known != null && known.isUpToDate() ? pass(call, known) : check(call, text, digest);
  }

  /** What stands behind the scheme; null if nothing does. */
  private @Nullable String token(String sent) {
    String scheme = settings.scheme();
    if (scheme.isEmpty()) {
      return sent.isEmpty() ? null : sent;
    }
    int end = scheme.length();
    boolean fits =
        sent.length() > end + 1
            && sent.charAt(end) == ' '
            && sent.regionMatches(true, 0, scheme, 0, end);
    return fits ? sent.substring(end + 1).strip() : null;
  }

  private Step check(Call call, String text, @Nullable ByteBuffer digest) {
    Verifier.Question question = verifier.read(text);
    if (question == null) {
      return refuse(Refusal.MALFORMED);
    }
    checked.add(1);
    if (!question.isSlow()) {
      return pass(call, remember(verifier.answer(question), digest));
    }
    return Step.await(
        context
            .blocking(() -> verifier.answer(question))
            .map(token -> pass(call, remember(token, digest)))
            .recover(
                e ->
                    e instanceof RejectedExecutionException
                        ? Future.succeededFuture(BUSY)
                        : Future.failedFuture(e)));
  }

  private Token remember(Token token, @Nullable ByteBuffer digest) {
    if (digest != null && token.refusal() == null) {
      cache.put(digest, token);
    }
    return token;
  }

  private Step pass(Call call, Token token) {
    Refusal refusal = token.refusalAt(System.currentTimeMillis());
    if (refusal != null) {
      return refuse(refusal);
    }
    call.identity(token.identity());
    for (int i = 0; i < forwarded.size(); i++) {
      String value = token.values().get(i);
      if (value != null) {
        set(call.metadata(), forwarded.get(i), value);
      }
    }
    return Step.NEXT;
  }

  private static void set(Metadata metadata, String key, String value) {
    try {
      metadata.set(key, value);
    } catch (IllegalArgumentException e) {
      // The protocol keeps the key for itself; nothing of the caller's own is there either.
    }
  }

  private Step refuse(Refusal refusal) {
    refused.add(1);
    return refusal.step;
  }

  private static ByteBuffer digest(String text) {
    try {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JRE has it
    }
  }
}
