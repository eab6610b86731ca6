/**
 * What stands between the exchange and an outbound leg of another protocol: bodies put into other
 * frames, metadata into another dialect, ends into other words. Towards the exchange every call
 * speaks its caller's protocol; towards the leg, that of the cluster.
 */
@NullMarked
package io.sluice.gateway.translate;

import org.jspecify.annotations.NullMarked;
