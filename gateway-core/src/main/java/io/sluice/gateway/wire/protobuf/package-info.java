/** Kitex Protobuf's exception; bodies are never decoded. */
@NullMarked
package io.sluice.gateway.wire.protobuf;

import org.jspecify.annotations.NullMarked;
