/**
 * The configuration: its typed model, and the way from a YAML file to that model, on which every
 * fault of the file is found and told with its line and column.
 *
 * <p>Nothing here opens a connection or routes a call. Start with {@link
 * io.sluice.gateway.config.ConfigLoader} and {@link io.sluice.gateway.config.GatewayConfig}.
 */
@NullMarked
package io.sluice.gateway.config;

import org.jspecify.annotations.NullMarked;
