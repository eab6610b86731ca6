/**
 * The filter {@code acl}: allows and denies calls by who makes them, from where, and what they
 * call. Uses the plugin API and nothing else.
 */
@NullMarked
package io.sluice.plugins.acl;

import org.jspecify.annotations.NullMarked;
