/** Starts the packaged gateway and real peers around it, and reads what they print. */
package io.sluice.interop.harness;
