package io.sluice.plugins.jwtauth;

import io.sluice.api.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Where a call has its token, whose tokens are trusted, and what has to be in them. */
public record JwtAuthSettings(
    @Setting(
            value =
                "The metadata that has the token: plain, persistent or transient, without a"
                    + " prefix.",
            fallback = "authorization",
            pattern = "[A-Za-z0-9._-]{1,255}")
        String metadata,
    @Setting(
            value = "The word before the token, in any case; `\"\"` if there is none.",
            fallback = "Bearer",
            pattern = "[A-Za-z0-9._-]{0,64}")
        String scheme,
    @Setting(value = "What tokens may be signed with.", required = true) List<KeySetting> keys,
    @Setting(
            value = "How often files of keys are looked at; it counts what two looks have seen.",
            fallback = "1s",
            min = 100,
            max = 86_400_000)
        Duration refresh,
    @Setting("Who may have issued a token (claim `iss`), one of these; anybody if there is none.")
        List<String> issuers,
    @Setting("Whom a token may be for (claim `aud`), one of these; anybody if there is none.")
        List<String> audiences,
    @Setting(
            value = "How far clocks may be apart: so much longer, and earlier, a token is good.",
            fallback = "30s",
            min = 0,
            max = 600_000)
        Duration skew,
    @Setting(value = "Whether a token must say when it expires (claim `exp`).", fallback = "true")
        boolean expires,
    @Setting(
            value = "The claim that says who the caller is: the call's identity from here on.",
            fallback = "sub",
            pattern = "\\S{1,255}")
        String identity,
    @Setting(
            "Claims that go on to the downstream, each with the plain metadata that it goes by; what"
                + " the caller itself has sent by that name does not.")
        Map<String, String> claims,
    @Setting(
            value = "Letters that a token may have; longer ones are not looked at.",
            fallback = "8192",
            min = 64,
            max = 65_535)
        int maxLength,
    @Setting(
            value =
                "So many good tokens are remembered until they expire, so that their signatures are"
                    + " not checked again; 0 for none.",
            fallback = "10000",
            min = 0,
            max = 1_000_000)
        int cache,
    @Setting(value = "Whether the token goes on to the downstream.", fallback = "false")
        boolean keep) {}
