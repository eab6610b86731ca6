/**
 * What tests of a plugin need: calls of every protocol, in memory and through a gateway on a real
 * port, and services that misbehave as asked. It is made of the gateway's own parts, so that a
 * filter meets here what it will meet there.
 *
 * <p>Start with {@link io.sluice.testkit.TestGateway}.
 */
@NullMarked
package io.sluice.testkit;

import org.jspecify.annotations.NullMarked;
