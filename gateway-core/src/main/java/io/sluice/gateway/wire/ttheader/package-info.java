/** TTHeader: the length, flags and metadata that Kitex puts in front of a message. */
@NullMarked
package io.sluice.gateway.wire.ttheader;

import org.jspecify.annotations.NullMarked;
