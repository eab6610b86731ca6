package io.sluice.plugins.headerrewrite;

import io.sluice.api.Setting;

/** Which kinds of metadata are rewritten, and how. */
public record HeaderRewriteSettings(
    @Setting("The caller's metadata: headers of gRPC, plain keys of TTHeader and ttstream.")
        Rewrite request,
    @Setting("Kitex's persistent metadata of the request, without its prefix on the wire.")
        Rewrite persistent,
    @Setting("Kitex's transient metadata of the request, without its prefix on the wire.")
        Rewrite transients,
    @Setting("What the downstream sends back before its messages.") Rewrite response,
    @Setting("What follows the last message: trailers of gRPC and ttstream.") Rewrite trailers) {}
