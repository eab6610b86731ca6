/**
 * gRPC through the gateway with peers that are not Kitex: grpc-java here, grpc-go in {@code
 * interop/grpc-go}.
 */
package io.sluice.interop.grpc;
