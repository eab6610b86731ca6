/** The pages for operators, over HTTP on a listener of their own. */
@NullMarked
package io.sluice.gateway.admin;

import org.jspecify.annotations.NullMarked;
