/** The frames of Kitex's streaming over TTHeader. */
@NullMarked
package io.sluice.gateway.wire.ttstream;

import org.jspecify.annotations.NullMarked;
