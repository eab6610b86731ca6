/** Names, statuses and timeouts of gRPC over HTTP/2. */
@NullMarked
package io.sluice.gateway.wire.grpc;

import org.jspecify.annotations.NullMarked;
