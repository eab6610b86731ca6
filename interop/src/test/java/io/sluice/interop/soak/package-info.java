/**
 * What the gateway stands: many calls, hostile bytes, servers that die. Each test has a short form
 * and, with {@code -Dsluice.soak=true}, a long one.
 */
package io.sluice.interop.soak;
