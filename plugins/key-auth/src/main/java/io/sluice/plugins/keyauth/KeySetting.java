package io.sluice.plugins.keyauth;

import io.sluice.api.Secret;
import io.sluice.api.Setting;

/** A key, of which only its digest is known, and whose it is. */
public record KeySetting(
    @Setting(
            value = "The SHA-256 of the key, in hexadecimal.",
            required = true,
            pattern = "[0-9a-fA-F]{64}")
        Secret sha256,
    @Setting(
            value = "Who has it: what the call has as its identity from here on.",
            required = true,
            pattern = "[^\\s\\x00-\\x1f\\x7f]{1,256}")
        String identity) {}
