package main

import (
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/connpool"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/remote/trans/netpoll"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/transport"
)

// family groups transports which run the same cases.
type family int

const (
	pingPong family = iota // InteropService over Thrift messages
	grpc                   // InteropStream or InteropPb over HTTP/2
	stream                 // InteropStream over TTHeader streaming
	kitexPB                // InteropPb over Kitex Protobuf messages
)

// wireTransport is one way of putting calls on the wire.
type wireTransport struct {
	name   string
	family family
	// protocols are applied in this order: PurePayload resets, everything else adds a bit.
	protocols []transport.Protocol
	protobuf  bool
	ttheader  bool
	// mux lets many calls share one connection, whose replies come as they are ready.
	mux bool
	// google has Google's gRPC call instead of Kitex's.
	google bool
	// framing is what a capture of the first request must show.
	framing string
}

var transports = []*wireTransport{
	{name: "buffered", family: pingPong, protocols: []transport.Protocol{transport.PurePayload}, framing: "buffered thrift"},
	{name: "framed", family: pingPong, protocols: []transport.Protocol{transport.Framed}, framing: "framed thrift"},
	{
		name: "ttheader", family: pingPong, ttheader: true, framing: "ttheader buffered thrift",
		protocols: []transport.Protocol{transport.PurePayload, transport.TTHeader},
	},
	{
		name: "ttheader-framed", family: pingPong, ttheader: true, framing: "ttheader framed thrift",
		protocols: []transport.Protocol{transport.TTHeaderFramed},
	},
	{
		name: "ttheader-mux", family: pingPong, ttheader: true, mux: true, framing: "ttheader framed thrift",
		protocols: []transport.Protocol{transport.TTHeaderFramed},
	},
	{name: "grpc-thrift", family: grpc, protocols: []transport.Protocol{transport.GRPC}, framing: "http2"},
	{name: "grpc-pb", family: grpc, protocols: []transport.Protocol{transport.GRPC}, protobuf: true, framing: "http2"},
	{
		name: "ttstream", family: stream, ttheader: true, framing: "ttstream",
		protocols: []transport.Protocol{transport.TTHeaderFramed | transport.TTHeaderStreaming},
	},
	{
		name: "kitexpb-ttheader-framed", family: kitexPB, protobuf: true, ttheader: true, framing: "ttheader framed kitex-protobuf",
		// The generated client presets gRPC because of the streaming methods; PurePayload takes that back.
		protocols: []transport.Protocol{transport.PurePayload, transport.TTHeaderFramed},
	},
	{
		name: "kitexpb-ttheader-mux", family: kitexPB, protobuf: true, ttheader: true, mux: true, framing: "ttheader framed kitex-protobuf",
		protocols: []transport.Protocol{transport.PurePayload, transport.TTHeaderFramed},
	},
}

// googleTransports are those of Google's gRPC, for the same services.
var googleTransports = []*wireTransport{
	{name: "google-thrift", family: grpc, google: true},
	{name: "google-pb", family: grpc, google: true, protobuf: true},
}

func transportNamed(name string, of []*wireTransport) *wireTransport {
	for _, t := range of {
		if t.name == name {
			return t
		}
	}
	return nil
}

// countingDialer counts the connections that a client opens.
type countingDialer struct {
	remote.Dialer
	dials atomic.Int64
}

func newCountingDialer() *countingDialer {
	return &countingDialer{Dialer: netpoll.NewDialer()}
}

func (d *countingDialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d.dials.Add(1)
	return d.Dialer.DialTimeout(network, address, timeout)
}

// manner is how one client uses its connections.
type manner struct {
	// connections is the number of idle connections kept for ping-pong, and of all connections for gRPC and mux.
	connections int
	// exclusive gives every ttstream stream a connection of its own, instead of a share of a multiplexed one.
	exclusive bool
	// shared has all ttstream streams go by one connection.
	shared bool
	// short gives every ping-pong call a connection of its own.
	short bool
	// nameless sends no names of service, method and caller: as a client without the meta handlers.
	nameless bool
}

// options returns the client options for calls to addr, or to several with commas between them.
func (t *wireTransport) options(addr string, m manner, dialer remote.Dialer) []client.Option {
	options := []client.Option{
		client.WithHostPorts(strings.Split(addr, ",")...),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: callerName, Method: callerMethod}),
		client.WithConnectTimeout(2 * time.Second),
	}
	if !m.nameless {
		options = append(options,
			client.WithMetaHandler(transmeta.ClientTTHeaderHandler), client.WithMetaHandler(transmeta.ClientHTTP2Handler))
	}
	if t.mux {
		// Before the protocols, because it adds one itself.
		options = append(options, client.WithMuxConnection(max(1, m.connections)))
	}
	for _, protocol := range t.protocols {
		options = append(options, client.WithTransportProtocol(protocol))
	}
	if dialer != nil && t.family != stream {
		options = append(options, client.WithDialer(dialer))
	}
	if t.family == grpc {
		return append(options, client.WithGRPCConnPoolSize(uint32(max(1, m.connections))))
	}
	if t.family == stream && (m.exclusive || m.shared) {
		pool := ttstream.WithClientLongConnPool(ttstream.DefaultLongConnConfig)
		if m.shared {
			pool = ttstream.WithClientMuxConnPool(ttstream.MuxConnConfig{PoolSize: 1, MaxIdleTimeout: time.Minute})
		}
		options = append(options, client.WithTTHeaderStreamingOptions(client.WithTTHeaderStreamingTransportOptions(pool)))
	}
	switch {
	case t.mux:
		return options
	case m.short:
		return append(options, client.WithShortConnection())
	}
	return append(options, client.WithLongConnection(connpool.IdleConfig{
		MaxIdlePerAddress: max(1, m.connections),
		MaxIdleGlobal:     1024,
		MaxIdleTimeout:    time.Minute,
	}))
}
