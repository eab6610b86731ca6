package io.sluice.gateway.wire;

/**
 * What a peer may claim, checked before anything is allocated for it.
 *
 * @param maxFrame bytes of one message
 * @param maxHeader bytes of one TTHeader or HTTP/2 header list
 * @param maxKeys entries of one header
 */
public record WireLimits(int maxFrame, int maxHeader, int maxKeys) {}
