/**
 * How HTTP/2 connections are set up on either side. Frames are read and streams kept by Netty;
 * those that calls are made of are written here, many into one buffer.
 */
@NullMarked
package io.sluice.gateway.wire.http2;

import org.jspecify.annotations.NullMarked;
