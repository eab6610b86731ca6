/** What the gateway tells of itself: metrics, and what becomes of each call. */
@NullMarked
package io.sluice.gateway.observe;

import org.jspecify.annotations.NullMarked;
