/** The packaged gateway between real Kitex clients and servers, and against bare sockets. */
package io.sluice.interop;
