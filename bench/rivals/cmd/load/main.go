// Command load sends calls in a closed loop: every connection has one Thrift
// call under way, or as many gRPC calls or messages of streams as it is told,
// and sends the next when the reply is there and has been compared with the one
// expected, byte for byte. Of several targets one at a time is called, in short
// turns: whatever makes the machine slower or faster meanwhile then does so for
// all of them.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"sluice.io/bench/rivals/internal/h2"
	"sluice.io/bench/rivals/internal/histogram"
	"sluice.io/bench/rivals/internal/procstat"
	"sluice.io/bench/rivals/internal/wire"
)

// Result is what is printed for each target, as JSON on one line.
type Result struct {
	Label       string  `json:"label,omitempty"`
	Round       int     `json:"round"`
	Transport   string  `json:"transport"`
	Connections int     `json:"connections"`
	Streams     int     `json:"streams,omitempty"`
	Body        int     `json:"body"`
	Seconds     float64 `json:"seconds"`

	Requests   uint64  `json:"requests"`
	RPS        float64 `json:"rps"`
	P50        float64 `json:"p50us"`
	P90        float64 `json:"p90us"`
	P99        float64 `json:"p99us"`
	P999       float64 `json:"p999us"`
	Max        float64 `json:"maxus"`
	Errors     uint64  `json:"errors"`
	Mismatches uint64  `json:"mismatches"`
	FirstError string  `json:"firstError,omitempty"`

	// Of the process tree that --watch names; absent without it.
	CPUPerRequest float64 `json:"cpuMicrosPerRequest,omitempty"`
	CPUCores      float64 `json:"cpuCores,omitempty"`
	ResidentKiB   int64   `json:"residentKiB,omitempty"`

	// What everything but this tool, --watch and --also used meanwhile: how
	// far to trust the figures above.
	OthersCores float64 `json:"othersCores"`
	StealCores  float64 `json:"stealCores"`
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("load: ")
	addr := flag.String("addr", "127.0.0.1:7001", "`host:port` to send to; several with commas between")
	transport := flag.String("transport", "framed", "`protocol`: framed, ttheader-framed, ttheader, buffered; grpc, grpc-stream or ttstream")
	connections := flag.Int("connections", 64, "connections to each, with one call under way, or as many as streams")
	streams := flag.Int("streams", 1, "calls under way, or open streams, of each connection; of the last three protocols")
	body := flag.Int("body", 128, "bytes of a call's string argument")
	seconds := flag.Float64("seconds", 10, "seconds to measure, for all targets together")
	turn := flag.Duration("turn", 200*time.Millisecond, "how long one of several targets is called before the next")
	warmup := flag.Float64("warmup", 1, "seconds of load before that")
	timeout := flag.Duration("timeout", 5*time.Second, "after which a call without a reply is an error")
	threads := flag.Int("threads", 1, "threads to spread the connections to each target over")
	watch := flag.String("watch", "", "measure CPU time and memory of this `pid` and its descendants; one for each target")
	also := flag.Int("also", 0, "another `pid` that belongs to the bench")
	label := flag.String("label", "", "`text` to copy into the result; one for each target")
	round := flag.Int("round", 0, "`number` to copy into the result")
	key := flag.String("key", "", "`text` to send as x-api-key; of ttheader-framed and ttheader")
	flag.Parse()

	kind, err := parseProtocol(*transport, *streams)
	if err != nil {
		log.Fatal(err)
	}
	kind.key = *key
	switch {
	case *key != "" && !kind.transport.HasTTHeader():
		log.Fatal("--key is for ttheader-framed and ttheader")
	case flag.NArg() > 0:
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	case *connections < 1 || *connections > 60000:
		log.Fatal("--connections must be from 1 to 60000")
	case *body < minBody || *body > wire.MaxFrame/2:
		log.Fatalf("--body must be from %d to %d", minBody, wire.MaxFrame/2)
	case kind.streams > 0 && *body+lengthPrefix > h2.MaxPayload:
		log.Fatalf("--body must be at most %d with streams", h2.MaxPayload-lengthPrefix)
	case *threads < 1 || *threads > *connections:
		log.Fatal("--threads must be from 1 to the number of connections")
	case *seconds <= 0 || *warmup < 0 || *timeout <= 0 || *turn <= 0:
		log.Fatal("--seconds, --turn and --timeout must be positive, --warmup not negative")
	}
	targets, err := parseTargets(*addr, *label, *watch)
	switch {
	case err != nil:
		log.Fatal(err)
	case len(targets) > 1 && kind.streams > 0:
		log.Fatal("several addresses are for Thrift, which has one call under way on a connection")
	}

	// Buffers are made once: there is no garbage to look for.
	debug.SetGCPercent(-1)
	// The workers never hold up this goroutine, which does the timing.
	runtime.GOMAXPROCS(*threads*len(targets) + 1)

	warmupTime, measureTime := toDuration(*warmup), toDuration(*seconds)
	time.AfterFunc(warmupTime+measureTime+*timeout+10*time.Second, func() {
		log.Fatal("did not end in time")
	})

	done := make(chan error)
	for i, t := range targets {
		for j := range *threads {
			share := *connections / *threads
			if j < *connections%*threads {
				share++
			}
			w, err := newWorker(len(targets)*j+i, share, t.address, kind, *body, *timeout, &t.phase)
			if err != nil {
				log.Fatal(err)
			}
			t.workers = append(t.workers, w)
		}
	}
	for _, t := range targets {
		for _, w := range t.workers {
			go func() { done <- w.run() }()
		}
	}

	takeTurns(targets, *turn, warmupTime)
	before, err := takeSnapshot(targets, *also)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range targets {
		t.phase.Store(phaseMeasure)
		t.active = 0
	}
	takeTurns(targets, *turn, measureTime)
	for _, t := range targets {
		t.phase.Store(phaseDrain)
	}
	after, err := takeSnapshot(targets, *also)
	if err != nil {
		log.Fatal(err)
	}
	for range len(targets) * *threads {
		if err := <-done; err != nil {
			log.Fatal(err)
		}
	}

	failed := false
	for i, t := range targets {
		result := Result{Label: t.label, Round: *round, Transport: *transport, Connections: *connections, Streams: kind.streams, Body: *body}
		result.fill(t, before.watched[i], after.watched[i])
		result.trust(before, after)
		if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
			log.Fatal(err)
		}
		failed = failed || result.Errors > 0 || result.Mismatches > 0 || result.Requests == 0
	}
	if failed {
		os.Exit(1)
	}
}

func (r *Result) fill(t *target, before, after procstat.Usage) {
	var latencies histogram.Histogram
	for _, w := range t.workers {
		latencies.Merge(&w.latencies)
		r.Errors += w.errors
		r.Mismatches += w.mismatches
		if r.FirstError == "" {
			r.FirstError = w.firstError
		}
	}
	r.Seconds = t.active.Seconds()
	r.Requests = latencies.Total()
	r.RPS = float64(r.Requests) / r.Seconds
	r.P50 = micros(latencies.Quantile(0.50))
	r.P90 = micros(latencies.Quantile(0.90))
	r.P99 = micros(latencies.Quantile(0.99))
	r.P999 = micros(latencies.Quantile(0.999))
	r.Max = micros(latencies.Max())

	watched := after.CPU - before.CPU
	r.CPUCores = watched.Seconds() / r.Seconds
	r.ResidentKiB = after.ResidentKiB
	if r.Requests > 0 {
		r.CPUPerRequest = micros(watched) / float64(r.Requests)
	}
}

// trust fills in what others on the machine used.
func (r *Result) trust(before, after snapshot) {
	elapsed := after.at.Sub(before.at).Seconds()
	r.OthersCores = max((after.machine.Busy-before.machine.Busy-after.bench+before.bench).Seconds()/elapsed, 0)
	r.StealCores = (after.machine.Steal - before.machine.Steal).Seconds() / elapsed
}

// snapshot is what has been used up to one moment.
type snapshot struct {
	at      time.Time
	watched []procstat.Usage // the process tree of each target
	bench   time.Duration    // CPU time of these, of this tool and of the backend
	machine procstat.Machine
}

func takeSnapshot(targets []*target, also int) (snapshot, error) {
	s := snapshot{at: time.Now()}
	processes, err := procstat.ReadProcesses()
	if err != nil {
		return s, err
	}
	for _, t := range targets {
		var usage procstat.Usage
		if t.watch != 0 {
			if usage, err = processes.Tree(t.watch); err != nil {
				return s, err
			}
		}
		s.watched = append(s.watched, usage)
		s.bench += usage.CPU
	}
	for _, pid := range []int{os.Getpid(), also} {
		if pid == 0 {
			continue
		}
		usage, err := processes.Tree(pid)
		if err != nil {
			return s, err
		}
		s.bench += usage.CPU
	}
	s.machine, err = procstat.ReadMachine()
	return s, err
}

func toDuration(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
