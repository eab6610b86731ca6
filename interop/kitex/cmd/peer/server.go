package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/gopkg/protocol/thrift"
	"github.com/cloudwego/gopkg/protocol/ttheader"
	_ "github.com/cloudwego/kitex/pkg/remote/codec/protobuf/encoding/gzip" // registers the gzip compressor
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
	"sluice.io/interop/kitex/kitex_gen/interop/interopstream"
	interoppbservice "sluice.io/interop/kitex/kitex_gen/interoppb/interoppb"
)

func runServer(args []string) int {
	flags := newFlags("server")
	addr := flags.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	mux := flags.Bool("mux", false, "take TTHeader calls only, many at once on a connection")
	protobuf := flags.Bool("nameless-protobuf", false, "calls without a service name belong to InteropPb, not to InteropService")
	google := flags.Bool("google", false, "serve InteropStream and InteropPb by Google's gRPC, and nothing else")
	exitWait := flags.Duration("exit-wait", time.Second, "how long a graceful stop waits for calls under way")
	stdinClose := flags.Bool("exit-on-stdin-close", false, "exit at once when standard input is closed")
	verbose := flags.Bool("verbose", false, "write Kitex logs to standard error")
	_ = flags.Parse(args)
	setLogging(*verbose)

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer server:", err)
		return 1
	}
	if *google {
		if *stdinClose {
			exitOnStdinClose()
		}
		if err := serveGoogle(listener); err != nil {
			fmt.Fprintln(os.Stderr, "peer server:", err)
			return 1
		}
		return 0
	}
	svr, err := newServer(listener, *exitWait, *mux, *protobuf)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer server:", err)
		return 1
	}
	if *stdinClose {
		exitOnStdinClose()
	}
	go announce(listener.Addr().String())
	if err := svr.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "peer server:", err)
		return 1
	}
	return 0
}

// newServer registers the three services on one listener that detects every protocol, or with mux knows only TTHeader.
func newServer(listener net.Listener, exitWait time.Duration, mux, protobuf bool) (server.Server, error) {
	options := []server.Option{
		server.WithListener(listener),
		server.WithServerBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: serverName}),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithMetaHandler(transmeta.ServerHTTP2Handler),
		server.WithEnableContextTimeout(true),
		// A large message may be long under way where many processes share few cores.
		server.WithReadWriteTimeout(time.Minute),
		server.WithExitWaitTime(exitWait),
		server.WithCompatibleMiddlewareForUnary(),
	}
	if mux {
		options = append(options, server.WithMuxTransport())
	}
	svr := server.NewServer(options...)
	cancels := newCancelLog()
	// Calls without a service name (Framed, Buffered) go to the fallback service.
	var ofThrift, ofProtobuf []server.RegisterOption
	if protobuf {
		ofProtobuf = append(ofProtobuf, server.WithFallbackService())
	} else {
		ofThrift = append(ofThrift, server.WithFallbackService())
	}
	if err := interopservice.RegisterService(svr, newPingPongHandler(cancels), ofThrift...); err != nil {
		return nil, err
	}
	if err := interopstream.RegisterService(svr, &thriftStreamHandler{cancels: cancels}); err != nil {
		return nil, err
	}
	if err := interoppbservice.RegisterService(svr, &protobufHandler{cancels: cancels}, ofProtobuf...); err != nil {
		return nil, err
	}
	return svr, nil
}

// announce prints the LISTENING line once a first call has been answered.
func announce(addr string) {
	for {
		if probe(addr) {
			fmt.Printf("LISTENING %s\n", addr)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// probe makes one call of Fired over TTHeader and reports whether anything came back.
func probe(addr string) bool {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Second))
	message, err := ttheader.EncodeToBytes(context.Background(), ttheader.EncodeParam{SeqID: 1})
	if err != nil {
		return false
	}
	message = thrift.Binary.AppendMessageBegin(message, "Fired", thrift.CALL, 1)
	message = append(message, 0)
	binary.BigEndian.PutUint32(message, uint32(len(message)-4))
	if _, err := conn.Write(message); err != nil {
		return false
	}
	_, err = conn.Read(make([]byte, 16))
	return err == nil
}

// observe collects what the server knows about the call of ctx.
func observe(ctx context.Context) *interop.Seen {
	info := rpcinfo.GetRPCInfo(ctx)
	seen := &interop.Seen{
		CallerService: info.From().ServiceName(),
		CallerMethod:  info.From().Method(),
		Service:       info.Invocation().ServiceName(),
		Method:        info.Invocation().MethodName(),
		Persistent:    metainfo.GetAllPersistentValues(ctx),
		Transient:     metainfo.GetAllValues(ctx),
		Transport:     info.Config().TransportProtocol().String(),
		Headers:       map[string]string{},
	}
	if timeout := info.Config().RPCTimeout(); timeout > 0 {
		seen.HasRpcTimeout = true
		seen.RpcTimeoutMs = timeout.Milliseconds()
	}
	if deadline, found := ctx.Deadline(); found {
		seen.HasDeadline = true
		seen.DeadlineRemainingMs = time.Until(deadline).Milliseconds()
	}
	if addr := info.From().Address(); addr != nil {
		seen.RemoteAddr = addr.String()
	}
	if headers, found := metadata.FromIncomingContext(ctx); found {
		for key, values := range headers {
			seen.Headers[key] = joinHeader(key, values)
		}
	}
	return seen
}
