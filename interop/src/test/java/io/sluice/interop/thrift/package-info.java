/** Apache Thrift's own client and server as peers, beside those of Kitex. */
package io.sluice.interop.thrift;
