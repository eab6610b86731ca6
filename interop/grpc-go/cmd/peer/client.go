package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// limit ends a case that hangs.
const limit = 60 * time.Second

func runClient(args []string) int {
	flags := flag.NewFlagSet("peer client", flag.ExitOnError)
	places := map[string]*string{
		lasting: flags.String("addr", "", "address of a server"),
		gone:    flags.String("dead", "", "address where nobody listens"),
		mortal:  flags.String("dying", "", "address of a server that may die"),
	}
	only := flags.String("case", "", "names of cases, by default all that have an address")
	atOnce := flags.Int("at-once", 4, "cases that run at the same time")
	_ = flags.Parse(args)

	conns := map[string]*grpc.ClientConn{}
	for place, addr := range places {
		if *addr == "" {
			continue
		}
		conn, err := grpc.NewClient("passthrough:///"+*addr,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
			grpc.WithStatsHandler(encodings{}))
		if err != nil {
			fmt.Fprintln(os.Stderr, "peer client:", err)
			return 2
		}
		defer conn.Close()
		conns[place] = conn
	}
	exitOnStdinClose()

	var chosen []testCase
	for _, c := range cases() {
		wanted := *only == "" || slices.Contains(strings.Split(*only, ","), c.name)
		if wanted && conns[c.at] != nil {
			chosen = append(chosen, c)
		}
	}
	outcomes := make([]*outcome, len(chosen))
	running := make(chan struct{}, max(*atOnce, 1))
	var group sync.WaitGroup
	for i, c := range chosen {
		running <- struct{}{}
		group.Go(func() {
			defer func() { <-running }()
			outcomes[i] = run(conns[c.at], c)
		})
	}
	group.Wait()
	code := 0
	for _, o := range outcomes {
		line, err := json.Marshal(o)
		if err != nil {
			fmt.Fprintln(os.Stderr, "peer client:", err)
			return 2
		}
		fmt.Println(string(line))
		if !o.OK {
			code = 1
		}
	}
	return code
}

func run(conn *grpc.ClientConn, c testCase) *outcome {
	o := &outcome{Case: c.name + " " + c.kind, Volatile: map[string]any{}}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	e := &env{conn: conn, ctx: ctx, kind: c.kind, id: fmt.Sprintf("go-%d-%s-%s", os.Getpid(), c.name, c.kind)}
	c.run(e, o)
	o.OK = len(o.Failed) == 0
	return o
}

// outcome is what a client saw; everything but Volatile is to be the same directly and through a
// gateway.
type outcome struct {
	Case     string              `json:"case"`
	OK       bool                `json:"ok"`
	Failed   []string            `json:"failed,omitempty"`
	Status   string              `json:"status,omitempty"`
	Message  string              `json:"message,omitempty"`
	Details  string              `json:"details,omitempty"`
	Headers  map[string][]string `json:"headers,omitempty"`
	Trailers map[string][]string `json:"trailers,omitempty"`
	Messages string              `json:"messages,omitempty"`
	Encoding string              `json:"encoding,omitempty"`
	Seen     string              `json:"seen,omitempty"`
	Volatile map[string]any      `json:"volatile,omitempty"`
}

func (o *outcome) check(holds bool, format string, args ...any) {
	if !holds {
		o.Failed = append(o.Failed, fmt.Sprintf(format, args...))
	}
}

// end notes how a call ended. The text of a status that the client made itself does not count.
func (o *outcome) end(err error, textCounts bool) {
	s := status.Convert(err)
	o.Status = s.Code().String()
	if !textCounts {
		o.Volatile["message"] = s.Message()
		return
	}
	o.Message = s.Message()
}

// keep notes the metadata that a call came with.
func (o *outcome) keep(stream grpc.ClientStream) {
	if header, err := stream.Header(); err == nil {
		o.Headers = printable(header)
	}
	o.Trailers = printable(stream.Trailer())
	if details := stream.Trailer().Get("grpc-status-details-bin"); len(details) > 0 {
		o.Details = hex.EncodeToString([]byte(details[0]))
	}
	o.Encoding = encodingOf(stream.Context())
}

func printable(md metadata.MD) map[string][]string {
	out := map[string][]string{}
	for key, values := range md {
		for _, value := range values {
			if strings.HasSuffix(key, "-bin") {
				value = hex.EncodeToString([]byte(value))
			}
			out[key] = append(out[key], value)
		}
	}
	return out
}

// env is what a case has at hand.
type env struct {
	conn *grpc.ClientConn
	ctx  context.Context
	kind string
	id   string
}

// open begins a call of the case's kind.
func (e *env) open(ctx context.Context, plan string, pairs []string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	return e.openMethod(ctx, "/"+rawService+"/"+e.kind, plan, pairs, options...)
}

func (e *env) openMethod(ctx context.Context, method, plan string, pairs []string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	md := metadata.Pairs(pairs...)
	if plan != "" {
		md.Set(planKey, plan)
	}
	desc := &grpc.StreamDesc{ServerStreams: e.kind == srv || e.kind == bidi, ClientStreams: e.kind == client || e.kind == bidi}
	return e.conn.NewStream(metadata.NewOutgoingContext(ctx, md), desc, method, options...)
}

// control makes a call of the control service.
func (e *env) control(method string) (string, error) {
	request, reply := []byte(e.id), []byte{}
	err := e.conn.Invoke(e.ctx, "/"+controlService+"/"+method, &request, &reply)
	return string(reply), err
}

// requests are as many as the kind of the case allows.
func (e *env) requests(many ...[]byte) [][]byte {
	if e.kind == unary || e.kind == srv {
		return many[:1]
	}
	return many
}

// send writes all messages and half-closes, unless the call ends before. Its status says why.
func send(stream grpc.ClientStream, requests [][]byte, halfClose bool) error {
	for _, m := range requests {
		if err := stream.SendMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
	if halfClose {
		return stream.CloseSend()
	}
	return nil
}

// receive reads to the end of the call.
func (e *env) receive(stream grpc.ClientStream, sum *sum) error {
	for {
		var m []byte
		if err := stream.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		sum.add(m)
		if e.kind == unary || e.kind == client {
			return nil // grpc-go has waited for the status.
		}
	}
}

// talk sends and receives at the same time and notes all that came back.
func (e *env) talk(o *outcome, stream grpc.ClientStream, requests [][]byte, halfClose bool) {
	sent := make(chan error, 1)
	go func() { sent <- send(stream, requests, halfClose) }()
	sum := newSum()
	err := e.receive(stream, sum)
	o.end(err, true)
	o.Messages = sum.String()
	o.keep(stream)
	if err := <-sent; err != nil {
		o.check(false, "sending: %v", err)
	}
}
