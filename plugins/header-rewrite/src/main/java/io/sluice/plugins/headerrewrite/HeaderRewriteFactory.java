package io.sluice.plugins.headerrewrite;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import java.util.List;
import java.util.stream.Stream;
import org.pf4j.Extension;

/**
 * Makes the filter {@code header-rewrite}.
 *
 * <pre>
 * use: header-rewrite
 * with:
 *   request:
 *     rename: {x-user: x-original-user}
 *     remove: [x-debug]
 *     set: {x-gateway: sluice, x-peer: "{peer}"}
 * </pre>
 */
@Extension
public final class HeaderRewriteFactory implements FilterFactory<HeaderRewriteSettings> {

  @Override
  public String name() {
    return "header-rewrite";
  }

  @Override
  public Class<HeaderRewriteSettings> settings() {
    return HeaderRewriteSettings.class;
  }

  /** What comes back is rewritten when every filter has had its turn at the request. */
  @Override
  public List<String> comesAfter(HeaderRewriteSettings settings) {
    return Stream.of(settings.request(), settings.persistent(), settings.transients())
            .anyMatch(Rewrite::tellsIdentity)
        ? List.of("key-auth", "jwt-auth")
        : List.of();
  }

  /**
   * @throws IllegalArgumentException if there is nothing to rewrite, or if a key or value cannot be
   *     used
   */
  @Override
  public Filter create(HeaderRewriteSettings settings) {
    boolean toDownstream =
        !(settings.request().isEmpty()
            && settings.persistent().isEmpty()
            && settings.transients().isEmpty());
    boolean toCaller = !(settings.response().isEmpty() && settings.trailers().isEmpty());
    if (!toDownstream && !toCaller) {
      throw new IllegalArgumentException(
          "nothing to rewrite: give request, persistent, transients, response or trailers");
    }
    RequestRewrite request =
        new RequestRewrite(
            MetadataRewrite.of("request", settings.request()),
            MetadataRewrite.of("persistent", settings.persistent()),
            MetadataRewrite.of("transients", settings.transients()));
    ReplyRewrite reply =
        new ReplyRewrite(
            MetadataRewrite.of("response", settings.response()),
            MetadataRewrite.of("trailers", settings.trailers()));
    if (toDownstream && toCaller) {
      return new BothRewrite(request, reply);
    }
    return toDownstream ? request : reply;
  }
}
