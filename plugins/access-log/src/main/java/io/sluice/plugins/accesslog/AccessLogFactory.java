package io.sluice.plugins.accesslog;

import io.sluice.api.Filter;
import io.sluice.api.FilterFactory;
import org.pf4j.Extension;

/**
 * Makes the filter {@code access-log}.
 *
 * <pre>
 * use: access-log
 * with: {file: /var/log/sluice/access.log, sample: 0.1}
 * </pre>
 */
@Extension
public final class AccessLogFactory implements FilterFactory<AccessLogSettings> {

  @Override
  public String name() {
    return "access-log";
  }

  @Override
  public Class<AccessLogSettings> settings() {
    return AccessLogSettings.class;
  }

  @Override
  public Filter create(AccessLogSettings settings) {
    return new AccessLog(settings);
  }
}
