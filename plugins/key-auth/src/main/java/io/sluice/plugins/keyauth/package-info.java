/**
 * The filter {@code key-auth}: lets calls pass whose metadata has a key that is known, and says
 * whose it is. Uses the plugin API and SLF4J.
 */
@NullMarked
package io.sluice.plugins.keyauth;

import org.jspecify.annotations.NullMarked;
