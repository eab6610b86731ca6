/**
 * The filter {@code jwt-auth}: lets calls pass whose JSON Web Token is good, and says whose it is.
 * Uses the plugin API, SLF4J and, inside its own jar, Nimbus JOSE + JWT.
 */
@NullMarked
package io.sluice.plugins.jwtauth;

import org.jspecify.annotations.NullMarked;
