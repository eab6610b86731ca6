/**
 * Ping-pong messages in all their framings: cutting a connection's bytes into messages, and putting
 * a message into a framing.
 */
@NullMarked
package io.sluice.gateway.wire.pingpong;

import org.jspecify.annotations.NullMarked;
