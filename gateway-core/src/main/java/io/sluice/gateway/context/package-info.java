/**
 * What filters are lent from their start to their stop: meters, threads, times, clients and caches.
 * All of it is bounded, and all of it is taken back. It knows nothing of calls.
 */
@NullMarked
package io.sluice.gateway.context;

import org.jspecify.annotations.NullMarked;
