// Command kitexproxy is the proxy of the Kitex guide "Proxy Application
// Development", to measure against: a Kitex server with the handler for
// unknown services, and one generic client for every service it meets.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/connpool"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/serviceinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
	"github.com/cloudwego/kitex/transport"
)

// downstreamService is the destination name, as the guide gives every client one.
const downstreamService = "bench.downstream"

func main() {
	log.SetFlags(0)
	log.SetPrefix("kitexproxy: ")
	listen := flag.String("listen", "127.0.0.1:7001", "`host:port` to listen on")
	downstream := flag.String("downstream", "127.0.0.1:7000", "`host:port` to forward to")
	protocol := flag.String("transport", "framed", "ping-pong `protocol` toward the downstream: framed, ttheader-framed, ttheader or buffered")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	// One line for every connection that a load tool closes says nothing.
	klog.SetLevel(klog.LevelError)

	transports, err := transportOptions(*protocol)
	if err != nil {
		log.Fatal(err)
	}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	p := &proxy{downstream: *downstream, transports: transports, clients: map[clientKey]genericclient.Client{}}
	svr := server.NewServer(
		server.WithListener(ln),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithMetaHandler(transmeta.ServerHTTP2Handler),
	)
	if err := genericserver.RegisterUnknownServiceOrMethodHandler(svr, &genericserver.UnknownServiceOrMethodHandler{
		DefaultHandler:   p.forwardCall,
		StreamingHandler: p.forwardStream,
	}); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, "LISTENING", ln.Addr())
	if err := svr.Run(); err != nil {
		log.Fatal(err)
	}
}

// transportOptions selects the downstream protocol. The bits of repeated
// options add up and Framed is the default, so what the guide writes
// (TTHeader) goes out as TTHeader with frames; PurePayload first takes the
// frames away.
func transportOptions(name string) ([]client.Option, error) {
	switch name {
	case "framed":
		return []client.Option{client.WithTransportProtocol(transport.Framed | transport.TTHeaderStreaming)}, nil
	case "ttheader-framed":
		return []client.Option{client.WithTransportProtocol(transport.TTHeader | transport.TTHeaderStreaming)}, nil
	case "buffered":
		return []client.Option{client.WithTransportProtocol(transport.PurePayload)}, nil
	case "ttheader":
		return []client.Option{
			client.WithTransportProtocol(transport.PurePayload),
			client.WithTransportProtocol(transport.TTHeader | transport.TTHeaderStreaming),
		}, nil
	}
	return nil, fmt.Errorf("unknown transport %q: framed, ttheader-framed, ttheader or buffered", name)
}

// clientKey is what a generic client is bound to.
type clientKey struct {
	codec        serviceinfo.PayloadCodec
	pkg, service string
}

type proxy struct {
	downstream string
	transports []client.Option

	mu      sync.RWMutex
	clients map[clientKey]genericclient.Client
}

// clientFor returns the generic client of the service that a call names; a
// framed call names none and shares the client of the empty name.
func (p *proxy) clientFor(ctx context.Context) (genericclient.Client, error) {
	ri := rpcinfo.GetRPCInfo(ctx)
	key := clientKey{codec: ri.Config().PayloadCodec(), service: ri.Invocation().ServiceName()}
	if key.codec == serviceinfo.Protobuf {
		key.pkg = ri.Invocation().PackageName()
	}
	p.mu.RLock()
	cli := p.clients[key]
	p.mu.RUnlock()
	if cli != nil {
		return cli, nil
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if cli := p.clients[key]; cli != nil {
		return cli, nil
	}
	cli, err := p.newClient(key)
	if err == nil {
		p.clients[key] = cli
	}
	return cli, err
}

func (p *proxy) newClient(key clientKey) (genericclient.Client, error) {
	var g generic.Generic
	transports := p.transports
	switch key.codec {
	case serviceinfo.Thrift:
		g = generic.BinaryThriftGenericV2(key.service)
	case serviceinfo.Protobuf:
		g = generic.BinaryPbGeneric(key.service, key.pkg)
		// Protobuf has no ttstream; the guide's choice for streams of it.
		transports = []client.Option{client.WithTransportProtocol(transport.TTHeaderFramed | transport.GRPCStreaming)}
	default:
		return nil, fmt.Errorf("unknown payload codec %v", key.codec)
	}
	options := append([]client.Option{
		client.WithHostPorts(p.downstream),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
		client.WithMetaHandler(transmeta.ClientHTTP2Handler),
		// The guide says nothing of connections, and Kitex dials one for
		// every call by default. A proxy in production would keep them:
		// anything else would be an unfair rival.
		client.WithLongConnection(connpool.IdleConfig{
			MaxIdlePerAddress: 4096,
			MaxIdleGlobal:     16384,
			MaxIdleTimeout:    time.Minute,
		}),
	}, transports...)
	return genericclient.NewClient(downstreamService, g, options...)
}

// forwardCall takes ping-pong calls.
func (p *proxy) forwardCall(ctx context.Context, _, method string, request any) (any, error) {
	cli, err := p.clientFor(ctx)
	if err != nil {
		return nil, err
	}
	return cli.GenericCall(ctx, method, request)
}

// forwardStream takes streams of every mode, and gRPC unary calls.
func (p *proxy) forwardStream(ctx context.Context, _, method string, upstream generic.BidiStreamingServer) error {
	cli, err := p.clientFor(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	downstream, err := cli.BidirectionalStreaming(ctx, method)
	if err != nil {
		return err
	}
	go func() {
		if err := pumpRequests(ctx, upstream, downstream); err != nil {
			klog.CtxErrorf(ctx, "requests of a stream: %v", err)
			cancel(err)
		}
	}()
	return pumpResponses(ctx, upstream, downstream)
}

func pumpRequests(ctx context.Context, upstream generic.BidiStreamingServer, downstream genericclient.BidiStreamingClient) error {
	for {
		message, err := upstream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return downstream.CloseSend(downstream.Context())
		}
		if err != nil {
			return err
		}
		if err := downstream.Send(downstream.Context(), message); err != nil {
			return err
		}
	}
}

func pumpResponses(ctx context.Context, upstream generic.BidiStreamingServer, downstream genericclient.BidiStreamingClient) error {
	for {
		message, err := downstream.Recv(downstream.Context())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if business, ok := kerrors.FromBizStatusError(err); ok {
			return business
		}
		if err != nil {
			return fmt.Errorf("receive from downstream: %w", err)
		}
		if err := upstream.Send(ctx, message); err != nil {
			return fmt.Errorf("send to upstream: %w", err)
		}
	}
}
