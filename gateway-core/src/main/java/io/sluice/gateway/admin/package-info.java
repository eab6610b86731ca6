/**
 * What operators and their tools are told, on a listener of its own: pages over HTTP/1.1 and
 * HTTP/2, and the gRPC services for health and reflection.
 */
@NullMarked
package io.sluice.gateway.admin;

import org.jspecify.annotations.NullMarked;
