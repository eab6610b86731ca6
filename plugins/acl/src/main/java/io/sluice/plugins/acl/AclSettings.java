package io.sluice.plugins.acl;

import io.sluice.api.Setting;
import java.util.List;

/** The rules, and what holds for calls that none of them is for. */
public record AclSettings(
    @Setting("The rules; the first one that is for a call decides.") List<RuleSetting> rules,
    @Setting(value = "What becomes of a call that no rule is for.", required = true)
        Action otherwise) {}
