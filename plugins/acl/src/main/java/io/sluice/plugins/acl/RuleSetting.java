package io.sluice.plugins.acl;

import io.sluice.api.Glob;
import io.sluice.api.Setting;
import java.util.List;

/**
 * A rule: it is for a call that fits every list that is there, and fits a list if it fits one item
 * of it.
 */
public record RuleSetting(
    @Setting(value = "What becomes of the calls that it is for.", required = true) Action action,
    @Setting("Calls of services that give themselves such a name; `?*` is any name.")
        List<Glob> callers,
    @Setting("Calls of those who have proved to be such a one; `?*` is anybody.")
        List<Glob> identities,
    @Setting(
            value = "Calls whose connection comes from such a network: `10.0.0.0/8`, `fd00::/8`.",
            pattern = "[0-9a-fA-F.:]{2,45}(/[0-9]{1,3})?")
        List<String> networks,
    @Setting("Calls of such services; the name with its package or without.") List<Glob> services,
    @Setting("Calls of such methods.") List<Glob> methods) {}
