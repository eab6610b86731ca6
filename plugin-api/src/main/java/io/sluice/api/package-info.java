/**
 * All that the author of a filter sees: the call, its metadata, its messages and its end.
 *
 * <p>Nothing of the network library or of the gateway's own classes may appear here. Whatever is
 * public here is kept compatible by semantic versions.
 */
@NullMarked
package io.sluice.api;

import org.jspecify.annotations.NullMarked;
