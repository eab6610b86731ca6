/**
 * All that the author of a plugin sees. A {@link io.sluice.api.Filter} sees calls: who makes them,
 * their metadata, their messages and their end; what else a plugin may bring, {@link
 * io.sluice.api.Factory} names. {@code docs/plugins.md} tells how to begin.
 *
 * <p>Of Vert.x only {@code Future} and {@code HttpClient} appear here, and nothing of Netty or of
 * the gateway's own classes. Whatever is public here is kept compatible by semantic versions.
 */
@NullMarked
package io.sluice.api;

import org.jspecify.annotations.NullMarked;
