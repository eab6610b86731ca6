/**
 * TTHeader: the length, flags and metadata that Kitex puts in front of a message; and the mesh
 * header that was there before it.
 */
@NullMarked
package io.sluice.gateway.wire.ttheader;

import org.jspecify.annotations.NullMarked;
