/**
 * The strict Thrift binary message head and the application exception; bodies are never decoded.
 */
@NullMarked
package io.sluice.gateway.wire.thrift;

import org.jspecify.annotations.NullMarked;
