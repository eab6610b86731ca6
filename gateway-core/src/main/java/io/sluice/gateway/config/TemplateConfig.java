package io.sluice.gateway.config;

import io.sluice.api.Glob;
import io.sluice.api.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What holds for a cluster whose endpoints have placeholders: one instance of it for each set of
 * addresses that calls make of them.
 */
public record TemplateConfig(
    @Setting(
            value =
                "What `{name}` stands for, by service with or without its package; a service that"
                    + " is not here keeps its own name.",
            pattern = "[A-Za-z0-9._-]{1,253}")
        Map<String, String> names,
    @Setting(
            "The hosts that may come of it: `*` is any run of characters, `?` is one; without one,"
                + " all.")
        List<Glob> allow,
    @Setting(
            value = "How long an instance may be without calls before it is let go.",
            fallback = "1m",
            min = 100,
            max = 86_400_000)
        Duration keepFor,
    @Setting(
            value =
                "The most instances, per event loop; for one more, the one without calls for longest"
                    + " is let go.",
            fallback = "1000",
            min = 1,
            max = 100_000)
        int maxInstances) {}
