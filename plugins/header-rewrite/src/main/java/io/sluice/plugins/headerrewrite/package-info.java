/**
 * The filter {@code header-rewrite}: sets, adds, removes and renames metadata on its way to the
 * downstream and back. Uses the plugin API and nothing else.
 */
@NullMarked
package io.sluice.plugins.headerrewrite;

import org.jspecify.annotations.NullMarked;
