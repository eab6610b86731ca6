/** How the port speaks HTTP/2, whatever is in the frames. */
package io.sluice.interop.http2;
