/**
 * The side of the downstreams: the generic client of each loop, its clusters and pools, and one
 * outbound leg for each protocol. Knows nothing of listeners and inbound connections.
 */
@NullMarked
package io.sluice.gateway.client;

import org.jspecify.annotations.NullMarked;
