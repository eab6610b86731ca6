/** Chains of filters: which filter has which hook, and in what order they run. */
@NullMarked
package io.sluice.gateway.filter;

import org.jspecify.annotations.NullMarked;
