package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // registers the gzip compressor
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// failText has what grpc-message must escape.
const failText = "100% of it, ünïcode and\na second line"

func runServer(args []string) int {
	flags := flag.NewFlagSet("peer server", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:0", "address to listen on; port 0 takes a free one")
	_ = flags.Parse(args)

	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer server:", err)
		return 1
	}
	exitOnStdinClose()
	s := &server{waits: map[string]*wait{}}
	g := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.StatsHandler(encodings{}))
	g.RegisterService(s.raw(), s)
	g.RegisterService(s.control(), s)
	fmt.Println("LISTENING", listener.Addr())
	if err := g.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, "peer server:", err)
		return 1
	}
	return 0
}

type server struct {
	mu    sync.Mutex
	waits map[string]*wait
}

// wait is what calls of different streams tell each other by an id.
type wait struct {
	released chan struct{} // the caller wants the held call to go on
	over     chan struct{} // the waiting call has ended
	deadline bool          // whether it had a deadline
	at       time.Time     // when it ended
}

func (s *server) wait(id string) *wait {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.waits[id]
	if w == nil {
		w = &wait{released: make(chan struct{}), over: make(chan struct{})}
		s.waits[id] = w
	}
	return w
}

func (s *server) raw() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: rawService, HandlerType: (*any)(nil)}
	d.Methods = []grpc.MethodDesc{{MethodName: unary, Handler: s.unary}}
	for _, kind := range []string{client, srv, bidi} {
		d.Streams = append(d.Streams, grpc.StreamDesc{
			StreamName:    kind,
			ServerStreams: kind != client,
			ClientStreams: kind != srv,
			Handler: func(_ any, stream grpc.ServerStream) error {
				return s.serve(&call{
					ctx:  stream.Context(),
					kind: kind,
					recv: func() (m []byte, err error) { err = stream.RecvMsg(&m); return m, err },
					send: func(m []byte) error { return stream.SendMsg(&m) },
				})
			},
		})
	}
	return d
}

func (s *server) unary(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var request, reply []byte
	if err := decode(&request); err != nil {
		return nil, err
	}
	read := false
	err := s.serve(&call{
		ctx:  ctx,
		kind: unary,
		recv: func() ([]byte, error) {
			if read {
				return nil, io.EOF
			}
			read = true
			return request, nil
		},
		send: func(m []byte) error { reply = m; return nil },
	})
	return &reply, err
}

// call is a call of any kind.
type call struct {
	ctx   context.Context
	kind  string
	recv  func() ([]byte, error)
	send  func([]byte) error
	reads int
	ended bool // the caller has half-closed
}

// next returns io.EOF after the caller's half-close.
func (c *call) next() ([]byte, error) {
	m, err := c.recv()
	if err == nil {
		c.reads++
	}
	c.ended = c.ended || errors.Is(err, io.EOF)
	return m, err
}

func (s *server) serve(c *call) error {
	md, _ := metadata.FromIncomingContext(c.ctx)
	p := parsePlan(md.Get(planKey))
	if err := grpc.SetHeader(c.ctx, renamed(md, "x-", "x-")); err != nil {
		return err
	}
	err := s.follow(c, p)
	trailer := renamed(md, "x-", "t-")
	trailer.Set("t-encoding", encodingOf(c.ctx))
	trailer.Set("t-reads", fmt.Sprint(c.reads))
	trailer.Set("t-half-closed", fmt.Sprint(c.ended))
	_ = grpc.SetTrailer(c.ctx, trailer)
	return err
}

// follow does what the plan says.
func (s *server) follow(c *call, p plan) error {
	if id, found := p["hold"]; found {
		if err := grpc.SendHeader(c.ctx, nil); err != nil {
			return err
		}
		select {
		case <-s.wait(id).released:
		case <-c.ctx.Done():
			return c.ctx.Err()
		}
	}
	if id, found := p["wait"]; found {
		if err := grpc.SendHeader(c.ctx, nil); err != nil {
			return err
		}
		<-c.ctx.Done()
		w := s.wait(id)
		w.at = time.Now()
		_, w.deadline = c.ctx.Deadline()
		close(w.over)
		return c.ctx.Err()
	}
	end, fail := p.number("end", -1), p.number("fail", -1)
	// stop tells whether the call is to end after n messages.
	stop := func(n int) bool { return n == end || n == fail }
	verdict := func(n int) error {
		if n == fail {
			return failure()
		}
		return nil
	}
	if fail == 0 {
		return failure()
	}
	switch c.kind {
	case unary:
		m, err := c.next()
		if err != nil {
			return err
		}
		_, _ = c.next()
		return c.send(m)
	case client:
		sum := newSum()
		for {
			m, err := c.next()
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if err == nil {
				sum.add(m)
				if c.reads == fail {
					return failure()
				}
			}
			if err != nil || c.reads == end {
				return c.send([]byte(sum.String()))
			}
		}
	case srv:
		m, err := c.next()
		if err != nil {
			return err
		}
		if p.number("late", 0) > 0 {
			_, _ = c.next()
		}
		replies := p.number("replies", 1)
		for n := 0; ; n++ {
			if n == replies || stop(n) {
				return verdict(n)
			}
			if err := c.send(append(binary.BigEndian.AppendUint32(nil, uint32(n)), m...)); err != nil {
				return err
			}
		}
	default:
		for n := 0; !stop(n); n++ {
			m, err := c.next()
			if errors.Is(err, io.EOF) {
				for i := range p.number("late", 0) {
					if err := c.send(fmt.Appendf(nil, "late %d", i)); err != nil {
						return err
					}
				}
				return nil
			}
			if err != nil {
				return err
			}
			if err := c.send(m); err != nil {
				return err
			}
		}
		return verdict(c.reads)
	}
}

// failure has a code of its own and details.
func failure() error {
	s, err := status.New(codes.FailedPrecondition, failText).WithDetails(
		&errdetails.ErrorInfo{Reason: "ASKED_FOR", Domain: "interop.sluice", Metadata: map[string]string{"k": "v é"}})
	if err != nil {
		return err
	}
	return s.Err()
}

// renamed returns the entries whose keys begin with from, which becomes to.
func renamed(md metadata.MD, from, to string) metadata.MD {
	out := metadata.MD{}
	for key, values := range md {
		if rest, found := strings.CutPrefix(key, from); found {
			out[to+rest] = values
		}
	}
	return out
}

// control answers the caller's questions about its other calls.
func (s *server) control() *grpc.ServiceDesc {
	answers := map[string]func(ctx context.Context, id string) (string, error){
		"Release": func(_ context.Context, id string) (string, error) {
			close(s.wait(id).released)
			return "", nil
		},
		"Seen": func(ctx context.Context, id string) (string, error) {
			w := s.wait(id)
			select {
			case <-w.over:
				return fmt.Sprintf("%d %t", w.at.UnixMicro(), w.deadline), nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		},
		"Die": func(context.Context, string) (string, error) {
			os.Exit(3)
			return "", nil
		},
	}
	d := &grpc.ServiceDesc{ServiceName: controlService, HandlerType: (*any)(nil)}
	for name, answer := range answers {
		d.Methods = append(d.Methods, grpc.MethodDesc{
			MethodName: name,
			Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var request []byte
				if err := decode(&request); err != nil {
					return nil, err
				}
				text, err := answer(ctx, string(request))
				reply := []byte(text)
				return &reply, err
			},
		})
	}
	return d
}

// encodings notes how the messages of a call are compressed.
type encodings struct{}

type encodingKey struct{}

func (encodings) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, encodingKey{}, new(string))
}

func (encodings) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if header, ok := s.(*stats.InHeader); ok {
		if encoding, ok := ctx.Value(encodingKey{}).(*string); ok {
			*encoding = header.Compression
		}
	}
}

func (encodings) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (encodings) HandleConn(context.Context, stats.ConnStats) {}

// encodingOf is how the other side compresses, "none" if it does not.
func encodingOf(ctx context.Context) string {
	if encoding, ok := ctx.Value(encodingKey{}).(*string); ok && *encoding != "" {
		return *encoding
	}
	return "none"
}

// sum tells messages apart by their number, length, content and order.
type sum struct {
	messages, bytes int
	hash            interface {
		io.Writer
		Sum([]byte) []byte
	}
}

func newSum() *sum { return &sum{hash: sha256.New()} }

func (s *sum) add(m []byte) {
	s.messages++
	s.bytes += len(m)
	_, _ = s.hash.Write(binary.BigEndian.AppendUint32(nil, uint32(len(m))))
	_, _ = s.hash.Write(m)
}

func (s *sum) String() string {
	return fmt.Sprintf("%d messages, %d bytes, %x", s.messages, s.bytes, s.hash.Sum(nil)[:8])
}
