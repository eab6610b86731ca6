/**
 * The filter {@code access-log}: a line of JSON for each call. Uses the plugin API, Logback's files
 * and Jackson's escapes; calls pay for noting what happened, a thread of its own for the rest.
 */
@NullMarked
package io.sluice.plugins.accesslog;

import org.jspecify.annotations.NullMarked;
