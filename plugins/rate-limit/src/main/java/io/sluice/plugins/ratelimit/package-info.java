/**
 * The filter {@code rate-limit}: bounds how many calls come in a time, and how many are under way
 * at once. Uses the plugin API and nothing else.
 */
@NullMarked
package io.sluice.plugins.ratelimit;

import org.jspecify.annotations.NullMarked;
