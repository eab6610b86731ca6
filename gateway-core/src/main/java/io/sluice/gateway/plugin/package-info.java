/**
 * The plugin host: takes jars from the plugins folder, verifies and loads them, and lets them go
 * again. It knows what filters are made of, and nothing of calls.
 */
@NullMarked
package io.sluice.gateway.plugin;

import org.jspecify.annotations.NullMarked;
