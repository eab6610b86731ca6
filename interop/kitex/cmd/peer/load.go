package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudwego/kitex/client/callopt"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
)

// timelineStep is the width of one bucket of the timeline.
const timelineStep = 100 * time.Millisecond

// maxErrorTexts bounds the number of different error texts that are told apart.
const maxErrorTexts = 40

// loadReport is the one line that a load run prints.
type loadReport struct {
	Transport   string           `json:"transport"`
	Shape       string           `json:"shape"`
	Connections int              `json:"connections"`
	Workers     int              `json:"workers"`
	Body        int              `json:"body"`
	Calls       int64            `json:"calls"`
	OK          int64            `json:"ok"`
	Errors      int64            `json:"errors"`
	ErrorTexts  map[string]int64 `json:"errorTexts"`
	Mismatches  int64            `json:"mismatches"`
	Stuck       int64            `json:"stuck"`
	ElapsedMs   int64            `json:"elapsedMs"`
	PerSecond   int64            `json:"callsPerSecond"`
	P50Us       int64            `json:"p50Us"`
	P99Us       int64            `json:"p99Us"`
	Slowest     slowCall         `json:"slowest"`
	// Dials counts the attempts to connect; ttstream clients do not let themselves be counted.
	Dials    int64            `json:"dials,omitempty"`
	Timeline []timelineBucket `json:"timeline"`
	// BeganAtMs is when its times begin, in milliseconds since 1970.
	BeganAtMs int64 `json:"beganAtMs"`
}

type slowCall struct {
	Us   int64  `json:"us"`
	AtMs int64  `json:"atMs"`
	Err  string `json:"error,omitempty"`
}

// timelineBucket counts the calls that ended in 100 ms.
type timelineBucket struct {
	AtMs   int64 `json:"atMs"`
	OK     int64 `json:"ok"`
	Errors int64 `json:"errors"`
}

// loadRun is what the workers share.
type loadRun struct {
	transport *wireTransport
	shape     string
	timeout   time.Duration
	pause     time.Duration
	body      int
	seed      uint64
	tolerate  bool
	limit     int64
	// shared has the ttstream streams of a client share its connection.
	shared bool

	begin   time.Time
	issued  atomic.Int64
	stopped atomic.Bool
	running atomic.Int64
	started sync.Once
}

// worker holds the figures of one worker; mu is free of contention until the end of the run.
type worker struct {
	mu         sync.Mutex
	latencies  []uint32 // µs of successful calls
	errors     map[string]int64
	mismatches int64
	slowest    slowCall
	timeline   []timelineBucket
}

// caller makes one call with the body and returns the reply's.
type caller func(number uint64, body []byte) ([]byte, error)

var errDiffers = errors.New("the reply is not the echo of the request")

func runLoad(args []string) int {
	flags := newFlags("load")
	addr := flags.String("addr", "", "address of the server or gateway; several with commas take turns")
	transportName := flags.String("transport", "", "one of "+transportNames())
	connections := flags.Int("connections", 64, "clients with one connection each")
	workers := flags.Int("workers", 0, "concurrent callers; as many as connections by default")
	calls := flags.Int64("calls", 1000000, "stop after this many calls")
	seconds := flags.Float64("seconds", 0, "stop after this time, if more than 0")
	body := flags.Int("body", 128, "bytes of each body; from 8 on every body is unique")
	shape := flags.String("shape", "", "unary, stream (one stream a call) or long-stream (one stream a worker, one message a call)")
	timeout := flags.Duration("timeout", 5*time.Second, "limit of a call")
	pause := flags.Duration("pause", 0, "what each caller waits after a call")
	shared := flags.Bool("shared", false, "have the ttstream streams of a client share its connection")
	tolerate := flags.Bool("tolerate-errors", false, "go on after errors and exit with 0 unless a reply was wrong")
	seed := flags.Uint64("seed", uint64(os.Getpid())<<40, "start of the body contents; keep it apart between processes")
	full := flags.Bool("full-timeline", false, "print every bucket of the timeline, not only those with errors or without a success")
	stdinClose := flags.Bool("exit-on-stdin-close", false, "exit at once when standard input is closed")
	verbose := flags.Bool("verbose", false, "write Kitex logs to standard error")
	_ = flags.Parse(args)
	setLogging(*verbose)

	t := transportNamed(*transportName, transports)
	if t == nil || *addr == "" {
		fmt.Fprintf(os.Stderr, "peer load: --addr and --transport (%s) are needed\n", transportNames())
		return 2
	}
	if *shape == "" {
		*shape = "unary"
		if t.family == stream {
			*shape = "stream"
		}
	}
	if *connections < 1 || *calls < 1 || *body < 0 || !validShape(t, *shape) {
		fmt.Fprintln(os.Stderr, "peer load: a count is out of range or the transport does not have that shape")
		return 2
	}
	if *workers < 1 {
		*workers = *connections
	}
	if *stdinClose {
		exitOnStdinClose()
	}

	run := &loadRun{
		transport: t, shape: *shape, timeout: *timeout, body: *body, seed: *seed, tolerate: *tolerate, limit: *calls,
		shared: *shared, pause: *pause,
	}
	dialer := newCountingDialer()
	callers := make([]caller, *workers)
	clients := make([]func() caller, *connections)
	for i := range clients {
		newCaller, err := run.connect(*addr, dialer)
		if err != nil {
			fmt.Fprintln(os.Stderr, "peer load:", err)
			return 2
		}
		clients[i] = newCaller
	}
	for i := range callers {
		callers[i] = clients[i%len(clients)]()
	}

	stuck, all := run.run(callers, time.Duration(*seconds*float64(time.Second)))
	report := run.report(all, *full)
	report.Connections, report.Workers, report.Dials, report.Stuck = *connections, *workers, dialer.dials.Load(), stuck
	printJSON(os.Stdout, report)
	if report.Mismatches > 0 || stuck > 0 || (report.Errors > 0 && !*tolerate) {
		return 1
	}
	return 0
}

func validShape(t *wireTransport, shape string) bool {
	switch shape {
	case "unary":
		return true
	case "stream", "long-stream":
		return t.family == grpc || t.family == stream
	default:
		return false
	}
}

// connect makes one client and returns a maker of callers on it.
func (r *loadRun) connect(addr string, dialer *countingDialer) (func() caller, error) {
	options := r.transport.options(addr, manner{connections: 1, exclusive: !r.shared, shared: r.shared}, dialer)
	timeout := callopt.WithRPCTimeout(r.timeout)
	if r.transport.family == pingPong {
		c, err := interopservice.NewClient(pingPongDestination, options...)
		if err != nil {
			return nil, err
		}
		blob := func(_ uint64, body []byte) ([]byte, error) {
			return c.Blob(context.Background(), body, timeout)
		}
		return func() caller { return blob }, nil
	}
	c, err := newStreamClient(r.transport, options)
	if err != nil {
		return nil, err
	}
	unary := func(number uint64, body []byte) ([]byte, error) {
		reply, err := c.Unary(context.Background(), &interop.Msg{Seq: int64(number), Body: body}, timeout)
		return bodyOf(number, reply, err)
	}
	perCall := func(number uint64, body []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
		defer cancel()
		st, err := c.Chat(ctx)
		if err != nil {
			return nil, err
		}
		reply, err := exchange(ctx, st, &interop.Msg{Seq: int64(number), Body: body})
		if err != nil {
			return nil, err
		}
		if err := st.CloseSend(ctx); err != nil {
			return nil, err
		}
		if _, err := st.Recv(ctx); !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("end of stream: %w", err)
		}
		return bodyOf(number, reply, nil)
	}
	return func() caller {
		switch r.shape {
		case "unary":
			return unary
		case "stream":
			return perCall
		default:
			return r.longStream(c)
		}
	}, nil
}

// longStream calls over one stream, opened anew after an error. A message that gets no
// reply in time cancels the stream.
func (r *loadRun) longStream(c streamClient) caller {
	var st clientStream
	var cancel context.CancelFunc
	return func(number uint64, body []byte) ([]byte, error) {
		if st == nil {
			var ctx context.Context
			var err error
			ctx, cancel = context.WithCancel(context.Background())
			if st, err = c.Chat(ctx); err != nil {
				cancel()
				st = nil
				return nil, err
			}
		}
		timer := time.AfterFunc(r.timeout, cancel)
		reply, err := exchange(st.Context(), st, &interop.Msg{Seq: int64(number), Body: body})
		timer.Stop()
		if err != nil {
			cancel()
			st = nil
		}
		return bodyOf(number, reply, err)
	}
}

func bodyOf(number uint64, reply *interop.Msg, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if reply.Seq != int64(number) {
		return nil, errDiffers
	}
	return reply.Body, nil
}

// run lets every caller work until the end and returns how many did not come to one.
func (r *loadRun) run(callers []caller, limit time.Duration) (stuck int64, all []*worker) {
	r.begin = time.Now()
	var group sync.WaitGroup
	for _, call := range callers {
		w := &worker{errors: map[string]int64{}}
		all = append(all, w)
		group.Add(1)
		r.running.Add(1)
		go func() {
			defer group.Done()
			defer r.running.Add(-1)
			r.work(w, call)
		}()
	}
	done := make(chan struct{})
	go func() {
		group.Wait()
		close(done)
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var expired <-chan time.Time
	if limit > 0 {
		expired = time.After(limit)
	}
	select {
	case <-done:
		return 0, all
	case <-expired:
	case <-signals:
	}
	r.stopped.Store(true)
	select {
	case <-done:
	case <-time.After(r.timeout + 5*time.Second):
	}
	return r.running.Load(), all
}

func (r *loadRun) work(w *worker, call caller) {
	body := make([]byte, r.body)
	for !r.stopped.Load() {
		issued := r.issued.Add(1)
		if issued > r.limit {
			return
		}
		number := r.seed + uint64(issued)
		fill(body, number)
		begin := time.Now()
		reply, err := call(number, body)
		end := time.Now()
		if err == nil && !bytes.Equal(reply, body) {
			err = errDiffers
		}
		if err == nil {
			r.started.Do(func() { fmt.Fprintln(os.Stderr, "RUNNING") })
		}
		w.record(err, end.Sub(begin), end.Sub(r.begin))
		if err == nil {
			time.Sleep(r.pause)
			continue
		}
		if !r.tolerate || errors.Is(err, errDiffers) {
			r.stopped.Store(true)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *worker) record(err error, took, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	index := int(at / timelineStep)
	for len(w.timeline) <= index {
		w.timeline = append(w.timeline, timelineBucket{})
	}
	us := took.Microseconds()
	text := ""
	switch {
	case err == nil:
		w.timeline[index].OK++
		w.latencies = append(w.latencies, uint32(min(us, 1<<32-1)))
	case errors.Is(err, errDiffers):
		w.mismatches++
		w.timeline[index].Errors++
		text = err.Error()
	default:
		w.timeline[index].Errors++
		text = printable(stable(err.Error()))
		if _, known := w.errors[text]; known || len(w.errors) < maxErrorTexts {
			w.errors[text]++
		} else {
			w.errors["other"]++
		}
	}
	if us > w.slowest.Us {
		w.slowest = slowCall{Us: us, AtMs: at.Milliseconds(), Err: text}
	}
}

func (r *loadRun) report(all []*worker, full bool) *loadReport {
	report := &loadReport{
		Transport: r.transport.name, Shape: r.shape, Body: r.body,
		BeganAtMs: r.begin.UnixMilli(), ErrorTexts: map[string]int64{}, ElapsedMs: time.Since(r.begin).Milliseconds(), Timeline: []timelineBucket{},
	}
	var latencies []uint32
	var buckets []timelineBucket
	for _, w := range all {
		w.mu.Lock()
		latencies = append(latencies, w.latencies...)
		report.Mismatches += w.mismatches
		for text, count := range w.errors {
			report.ErrorTexts[text] += count
			report.Errors += count
		}
		if w.slowest.Us > report.Slowest.Us {
			report.Slowest = w.slowest
		}
		for i, bucket := range w.timeline {
			if i == len(buckets) {
				buckets = append(buckets, timelineBucket{AtMs: int64(i) * timelineStep.Milliseconds()})
			}
			buckets[i].OK += bucket.OK
			buckets[i].Errors += bucket.Errors
		}
		w.mu.Unlock()
	}
	report.OK = int64(len(latencies))
	report.Calls = report.OK + report.Errors + report.Mismatches
	report.PerSecond = report.OK * 1000 / max(1, report.ElapsedMs)
	slices.Sort(latencies)
	if count := len(latencies); count > 0 {
		report.P50Us = int64(latencies[count/2])
		report.P99Us = int64(latencies[count*99/100])
	}
	report.ErrorTexts = boundTexts(report.ErrorTexts)
	for _, bucket := range buckets {
		if full || bucket.Errors > 0 || bucket.OK == 0 {
			report.Timeline = append(report.Timeline, bucket)
		}
	}
	return report
}

// boundTexts keeps the most frequent texts and adds up the rest.
func boundTexts(counts map[string]int64) map[string]int64 {
	if len(counts) <= maxErrorTexts {
		return counts
	}
	texts := make([]string, 0, len(counts))
	for text := range counts {
		texts = append(texts, text)
	}
	sort.Slice(texts, func(i, j int) bool { return counts[texts[i]] > counts[texts[j]] })
	bounded := map[string]int64{}
	for i, text := range texts {
		if i < maxErrorTexts-1 {
			bounded[text] = counts[text]
		} else {
			bounded["other"] += counts[text]
		}
	}
	return bounded
}
