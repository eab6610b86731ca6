package io.sluice.plugins.acl;

/** What becomes of a call. */
public enum Action {
  /** It goes on. */
  ALLOW,
  /** It is refused. */
  DENY
}
