/**
 * The bytes of the protocols, one package each: bytes in, values out, and back. Pure: no channels,
 * no timers, no policy.
 */
@NullMarked
package io.sluice.gateway.wire;

import org.jspecify.annotations.NullMarked;
