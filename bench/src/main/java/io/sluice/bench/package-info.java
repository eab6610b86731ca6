/** Micro benchmarks of what every call passes. Run them with {@code bench/jmh}. */
@NullMarked
package io.sluice.bench;

import org.jspecify.annotations.NullMarked;
