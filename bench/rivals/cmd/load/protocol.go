package main

import (
	"fmt"

	"sluice.io/bench/rivals/internal/wire"
)

// protocol is what connections speak, and how many calls or streams each has at once.
type protocol struct {
	transport wire.Transport
	streams   int    // 0: one call at a time, in that transport
	key       string // beside each of these calls, by TTHeader
	session   func(w *worker, number, body int) session
}

// parseProtocol reads the name of a transport.
func parseProtocol(name string, streams int) (protocol, error) {
	if streams < 1 || streams > 4000 {
		return protocol{}, fmt.Errorf("streams must be from 1 to 4000")
	}
	p := protocol{streams: streams}
	switch name {
	case "grpc", "grpc-stream":
		p.session = func(w *worker, number, body int) session {
			return newGRPC(w, number, streams, body, name == "grpc-stream")
		}
	case "ttstream":
		p.session = func(w *worker, number, body int) session { return newTTStream(w, number, streams, body) }
	default:
		transport, err := wire.ParseTransport(name)
		return protocol{transport: transport}, err
	}
	return p, nil
}
