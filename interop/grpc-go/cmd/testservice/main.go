// Command testservice is the client and server of the gRPC interoperability suite, with the cases and
// the service of google.golang.org/grpc/interop. Its own commands bring TLS, ALTS and xDS along, which
// take a minute to compile and are not for a port without TLS.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sort"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip" // registers the gzip compressor
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
)

const usage = `usage:
  testservice server
  testservice client --addr HOST:PORT --case NAME [--iterations N] [--limit 2m]
  testservice list
`

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	switch os.Args[1] {
	case "server":
		serve()
	case "client":
		call(os.Args[2:])
	case "list":
		names := []string{}
		for name := range cases {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Println(strings.Join(names, "\n"))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // The parent has gone.
	}()
	recorder := orca.NewServerMetricsRecorder()
	server := grpc.NewServer(orca.CallMetricsServerOption(nil), grpc.MaxRecvMsgSize(32<<20))
	if err := orca.Register(server, orca.ServiceOptions{ServerMetricsProvider: recorder}); err != nil {
		log.Fatal(err)
	}
	testgrpc.RegisterTestServiceServer(server,
		interop.NewTestServer(interop.NewTestServerOptions{MetricsRecorder: recorder}))
	fmt.Println("LISTENING", listener.Addr())
	log.Fatal(server.Serve(listener))
}

// channel is what a case calls through.
type channel struct {
	addr       string
	iterations int
	limit      time.Duration
	conn       *grpc.ClientConn
	client     testgrpc.TestServiceClient
}

func simple(do func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)) func(context.Context, *channel) {
	return func(ctx context.Context, c *channel) { do(ctx, c.client) }
}

// cases are those of grpc-go but for credentials and for metrics out of band, which end the process
// when they fail.
var cases = map[string]func(ctx context.Context, c *channel){
	"empty_unary":                 simple(interop.DoEmptyUnaryCall),
	"large_unary":                 simple(interop.DoLargeUnaryCall),
	"client_streaming":            simple(interop.DoClientStreaming),
	"server_streaming":            simple(interop.DoServerStreaming),
	"ping_pong":                   simple(interop.DoPingPong),
	"empty_stream":                simple(interop.DoEmptyStream),
	"timeout_on_sleeping_server":  simple(interop.DoTimeoutOnSleepingServer),
	"cancel_after_begin":          simple(interop.DoCancelAfterBegin),
	"cancel_after_first_response": simple(interop.DoCancelAfterFirstResponse),
	"status_code_and_message":     simple(interop.DoStatusCodeAndMessage),
	"special_status_message":      simple(interop.DoSpecialStatusMessage),
	"custom_metadata":             simple(interop.DoCustomMetadata),
	"unimplemented_method":        func(ctx context.Context, c *channel) { interop.DoUnimplementedMethod(ctx, c.conn) },
	"unimplemented_service": func(ctx context.Context, c *channel) {
		interop.DoUnimplementedService(ctx, testgrpc.NewUnimplementedServiceClient(c.conn))
	},
	"pick_first_unary": func(ctx context.Context, c *channel) { interop.DoPickFirstUnary(ctx, c.client) },
	"orca_per_rpc":     func(ctx context.Context, c *channel) { interop.DoORCAPerRPCTest(ctx, c.client) },
	"rpc_soak": func(ctx context.Context, c *channel) {
		c.soak(ctx, func() (*grpc.ClientConn, func()) { return c.conn, func() {} })
	},
	"channel_soak": func(ctx context.Context, c *channel) {
		c.soak(ctx, func() (*grpc.ClientConn, func()) {
			conn := dial(c.addr)
			return conn, func() { _ = conn.Close() }
		})
	},
}

// soak makes large unary calls one after the other.
func (c *channel) soak(ctx context.Context, channels func() (*grpc.ClientConn, func())) {
	interop.DoSoakTest(ctx, interop.SoakTestConfig{
		RequestSize:                      271828,
		ResponseSize:                     314159,
		PerIterationMaxAcceptableLatency: c.limit, // Not a benchmark.
		OverallTimeout:                   c.limit,
		ServerAddr:                       c.addr,
		NumWorkers:                       1,
		Iterations:                       c.iterations,
		ChannelForTest:                   channels,
	})
}

func dial(addr string, options ...grpc.DialOption) *grpc.ClientConn {
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient("passthrough:///"+addr, options...)
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// call runs one case; the suite ends the process with status 1 when it fails.
func call(args []string) {
	flags := flag.NewFlagSet("testservice client", flag.ExitOnError)
	addr := flags.String("addr", "", "address to call")
	name := flags.String("case", "", "the case to run")
	iterations := flags.Int("iterations", 10, "calls of a soak test")
	limit := flags.Duration("limit", 2*time.Minute, "ends a case that hangs")
	_ = flags.Parse(args)
	run, found := cases[*name]
	if !found {
		log.Printf("no case %q", *name)
		os.Exit(2)
	}
	time.AfterFunc(*limit, func() { log.Fatal("did not end in time") })
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	// The balancer of the suite reads the metrics that come with the answers.
	conn := dial(*addr, grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"test_backend_metrics_load_balancer": {}}]}`))
	defer conn.Close()
	run(ctx, &channel{addr: *addr, iterations: *iterations, limit: *limit, conn: conn, client: testgrpc.NewTestServiceClient(conn)})
}
