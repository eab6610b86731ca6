package io.sluice.plugins.jwtauth;

import io.sluice.api.Secret;
import io.sluice.api.Setting;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where a key is: exactly one of {@code file} and {@code secret} is there. */
public record KeySetting(
    @Setting(
            "A file with a JWK, a set of them, or public keys or certificates as PEM; read again"
                + " when it has changed.")
        @Nullable Path file,
    @Setting("A secret for HS256, HS384 or HS512, of 32, 48 or 64 bytes at least.")
        @Nullable Secret secret,
    @Setting(
            value =
                "The one algorithm that the key is for, as tokens call it; of JWKs that say one"
                    + " themselves, theirs.",
            pattern = "[A-Za-z0-9]{5}")
        @Nullable String algorithm,
    @Setting(
            value = "The key's name (`kid`), where it has none itself.",
            pattern = "[\\x20-\\x7e]{1,256}")
        @Nullable String id) {}
