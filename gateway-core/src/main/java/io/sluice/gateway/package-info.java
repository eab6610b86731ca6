/** The gateway as a whole: put together from its parts, started and stopped. */
@NullMarked
package io.sluice.gateway;

import org.jspecify.annotations.NullMarked;
