/**
 * {@code bin/sluice demo}: the gateway between services and callers that run beside it. A class for
 * each kind of service and of caller; they meet on sockets only. Nothing here is used by the
 * gateway.
 */
@NullMarked
package io.sluice.demo;

import org.jspecify.annotations.NullMarked;
