/**
 * What the connections of one event loop share: its timers and its flushes. Knows Netty and nothing
 * of calls.
 */
@NullMarked
package io.sluice.gateway.loop;

import org.jspecify.annotations.NullMarked;
