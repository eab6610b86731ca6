/**
 * Every decoder with whatever bytes: what must hold of it, the inputs that are kept, and Jazzer,
 * which looks for more of them. See CONTRIBUTING.md for how to run it.
 */
package io.sluice.gateway.fuzz;
