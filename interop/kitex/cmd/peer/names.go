package main

import (
	"encoding/hex"
	"strings"
)

// Names and values that client and server agree on.
const (
	serverName = "interop.server"
	callerName = "interop.caller"
	// callerMethod is the method of the caller in which the calls are supposed to originate.
	callerMethod = "CallerMethod"

	backwardKey   = "backward-key"
	backwardValue = "backward value"

	headerKey      = "interop-header"
	headerValue    = "header value"
	trailerKey     = "interop-trailer"
	trailerValue   = "trailer value"
	binaryHeader   = "interop-data-bin"
	binaryContents = "\x00\x01\xfe\xffend"

	// earlyHeadersKey is the persistent metainfo that asks a handler for its headers before it reads a message.
	// Its value is earlyHeadersOnly, or a key: then the handler waits until LastCancel is asked for
	// releaseKey with that key behind it.
	earlyHeadersKey  = "EARLY_HEADERS"
	earlyHeadersOnly = "yes"
	releaseKey       = "#release "

	// binaryHeadersKey is the persistent metainfo that asks a handler for a binary header and trailer too.
	binaryHeadersKey = "BINARY_HEADERS"

	typedErrorID = 4711

	// blobsKey asks Fired for the calls of Blob, which are those of a load.
	blobsKey = "#blobs"

	// streamsKey asks Fired for the streams whose handlers run.
	streamsKey = "#streams"
)

// joinHeader prints the values of one HTTP/2 header; binary ones as hexadecimal digits.
func joinHeader(key string, values []string) string {
	if !strings.HasSuffix(key, "-bin") {
		return strings.Join(values, "\n")
	}
	printed := make([]string, len(values))
	for i, value := range values {
		printed[i] = "hex:" + hex.EncodeToString([]byte(value))
	}
	return strings.Join(printed, "\n")
}

// Destination names, by default those of the IDL services; a gateway routes by them.
const (
	pingPongDestination = "InteropService"
	streamDestination   = "InteropStream"
	pbDestination       = "InteropPb"
	pbPackage           = "interop.pb"
	thriftNamespace     = "interop"
	absentService       = "AbsentService"
	absentMethod        = "AbsentMethod"
)
