/**
 * Joins the leg that a call comes in by with the leg that it goes out by: runs the filters between
 * them, finds the route, keeps the deadline, and sees to it that each call ends exactly once.
 */
@NullMarked
package io.sluice.gateway.exchange;

import org.jspecify.annotations.NullMarked;
