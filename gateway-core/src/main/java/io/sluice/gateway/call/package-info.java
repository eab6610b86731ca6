/**
 * The neutral model of a call: who calls what, its metadata, its messages on the way, its end, and
 * the contract between the leg it comes in by and the leg it goes out by. No I/O and no protocol.
 */
@NullMarked
package io.sluice.gateway.call;

import org.jspecify.annotations.NullMarked;
