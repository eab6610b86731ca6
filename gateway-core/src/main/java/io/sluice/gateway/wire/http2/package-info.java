/** How HTTP/2 connections are set up on either side; the frames themselves are Netty's. */
@NullMarked
package io.sluice.gateway.wire.http2;

import org.jspecify.annotations.NullMarked;
