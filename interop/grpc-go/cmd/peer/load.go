package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	// timelineStep is the width of one bucket of the timeline.
	timelineStep = 100 * time.Millisecond
	// maxErrorTexts bounds the number of different error texts that are told apart.
	maxErrorTexts = 40
	loadBody      = 128
)

// loadReport is the one line that a load prints; its fields are those of the Kitex peer's.
type loadReport struct {
	Transport  string           `json:"transport"`
	Shape      string           `json:"shape"`
	OK         int64            `json:"ok"`
	Errors     int64            `json:"errors"`
	ErrorTexts map[string]int64 `json:"errorTexts"`
	Mismatches int64            `json:"mismatches"`
	Stuck      int64            `json:"stuck"`
	PerSecond  int64            `json:"callsPerSecond"`
	P50Us      int64            `json:"p50Us"`
	P99Us      int64            `json:"p99Us"`
	Slowest    slowCall         `json:"slowest"`
	Timeline   []timelineBucket `json:"timeline"`
	// BeganAtMs is when its times begin, in milliseconds since 1970.
	BeganAtMs int64 `json:"beganAtMs"`
}

type slowCall struct {
	Us int64 `json:"us"`
}

// timelineBucket counts the calls that ended in 100 ms.
type timelineBucket struct {
	AtMs   int64 `json:"atMs"`
	OK     int64 `json:"ok"`
	Errors int64 `json:"errors"`
}

// caller makes one call with the body and returns the reply's.
type caller func(body []byte) ([]byte, error)

// loadRun is what the workers share.
type loadRun struct {
	conn    *grpc.ClientConn
	timeout time.Duration
	begin   time.Time
	calls   atomic.Uint64
	stopped atomic.Bool
	running atomic.Int64

	mu        sync.Mutex
	report    loadReport
	latencies []uint32 // µs of successful calls
}

// runLoad calls on one connection until it is told to stop, whatever errors there are.
func runLoad(args []string) int {
	flags := flag.NewFlagSet("peer load", flag.ExitOnError)
	addr := flags.String("addr", "", "address of the server or gateway")
	shape := flags.String("shape", "unary", "unary, stream (one stream a call) or long-stream (one stream a worker, one message a call)")
	workers := flags.Int("workers", 1, "concurrent callers")
	timeout := flags.Duration("timeout", 5*time.Second, "limit of a call")
	_ = flags.Parse(args)

	conn, err := grpc.NewClient("passthrough:///"+*addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})))
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer load:", err)
		return 2
	}
	defer conn.Close()
	r := &loadRun{conn: conn, timeout: *timeout, begin: time.Now()}
	r.report = loadReport{Transport: "grpc-go", Shape: *shape, BeganAtMs: r.begin.UnixMilli(), ErrorTexts: map[string]int64{}}
	shapes := map[string]func() caller{
		"unary":       func() caller { return r.unary },
		"stream":      func() caller { return r.stream },
		"long-stream": r.longStream,
	}
	newCaller, found := shapes[*shape]
	if !found {
		fmt.Fprintln(os.Stderr, "peer load: no shape", *shape)
		return 2
	}
	exitOnStdinClose()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var group sync.WaitGroup
	for range *workers {
		r.running.Add(1)
		group.Go(func() { r.work(newCaller()) })
	}
	<-signals
	r.stopped.Store(true)
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(r.timeout + 5*time.Second):
	}
	line, err := json.Marshal(r.result())
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer load:", err)
		return 2
	}
	fmt.Println(string(line))
	if r.report.Mismatches > 0 || r.report.Stuck > 0 {
		return 1
	}
	return 0
}

func (r *loadRun) unary(body []byte) (reply []byte, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	err = r.conn.Invoke(ctx, "/"+rawService+"/"+unary, &body, &reply)
	return reply, err
}

func (r *loadRun) open(ctx context.Context) (grpc.ClientStream, error) {
	return r.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/"+rawService+"/"+bidi)
}

// roundTrip sends a message and waits for the answer.
func roundTrip(stream grpc.ClientStream, body []byte) (reply []byte, err error) {
	if err := stream.SendMsg(&body); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	err = stream.RecvMsg(&reply)
	return reply, err
}

func (r *loadRun) stream(body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	stream, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := roundTrip(stream, body)
	if err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	var more []byte
	if err := stream.RecvMsg(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("end of stream: %w", err)
	}
	return reply, nil
}

// longStream calls over one stream, opened anew after an error.
func (r *loadRun) longStream() caller {
	var stream grpc.ClientStream
	var cancel context.CancelFunc
	return func(body []byte) (reply []byte, err error) {
		if stream == nil {
			var ctx context.Context
			ctx, cancel = context.WithCancel(context.Background())
			if stream, err = r.open(ctx); err != nil {
				cancel()
				stream = nil
				return nil, err
			}
		}
		timer := time.AfterFunc(r.timeout, cancel)
		reply, err = roundTrip(stream, body)
		timer.Stop()
		if err != nil {
			cancel()
			stream = nil
		}
		return reply, err
	}
}

func (r *loadRun) work(call caller) {
	defer r.running.Add(-1)
	for !r.stopped.Load() {
		// No two calls have the same body, here or in another process.
		body := make([]byte, loadBody)
		binary.BigEndian.PutUint64(body, uint64(os.Getpid())<<40+r.calls.Add(1))
		begin := time.Now()
		reply, err := call(body)
		r.record(bytes.Equal(reply, body), err, time.Since(begin))
		if err != nil {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

var address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

func (r *loadRun) record(same bool, err error, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	index := int(time.Since(r.begin) / timelineStep)
	for len(r.report.Timeline) <= index {
		at := time.Duration(len(r.report.Timeline)) * timelineStep
		r.report.Timeline = append(r.report.Timeline, timelineBucket{AtMs: at.Milliseconds()})
	}
	bucket := &r.report.Timeline[index]
	r.report.Slowest.Us = max(r.report.Slowest.Us, took.Microseconds())
	switch {
	case err != nil:
		bucket.Errors++
		r.report.Errors++
		text := address.ReplaceAllString(err.Error(), "ADDR")
		if _, known := r.report.ErrorTexts[text]; !known && len(r.report.ErrorTexts) >= maxErrorTexts {
			text = "other"
		}
		r.report.ErrorTexts[text]++
	case !same:
		bucket.Errors++
		r.report.Mismatches++
	default:
		if r.report.OK == 0 {
			fmt.Fprintln(os.Stderr, "RUNNING")
		}
		bucket.OK++
		r.report.OK++
		r.latencies = append(r.latencies, uint32(took.Microseconds()))
	}
}

func (r *loadRun) result() loadReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Stuck = r.running.Load()
	r.report.PerSecond = r.report.OK * 1000 / max(1, time.Since(r.begin).Milliseconds())
	slices.Sort(r.latencies)
	if count := len(r.latencies); count > 0 {
		r.report.P50Us = int64(r.latencies[count/2])
		r.report.P99Us = int64(r.latencies[count*99/100])
	}
	return r.report
}
