/** Which call goes where: an immutable table that is swapped as a whole. */
@NullMarked
package io.sluice.gateway.route;

import org.jspecify.annotations.NullMarked;
