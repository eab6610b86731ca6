/**
 * The side of the callers: listeners, telling protocols apart, and one inbound leg for each
 * protocol. Knows nothing of clusters and outbound connections.
 */
@NullMarked
package io.sluice.gateway.server;

import org.jspecify.annotations.NullMarked;
