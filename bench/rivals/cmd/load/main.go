// Command load sends calls in a closed loop: every connection has one Thrift
// call under way, or as many gRPC calls or messages of streams as it is told,
// and sends the next when the reply is there and has been compared with the one
// expected, byte for byte.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"sluice.io/bench/rivals/internal/h2"
	"sluice.io/bench/rivals/internal/histogram"
	"sluice.io/bench/rivals/internal/procstat"
	"sluice.io/bench/rivals/internal/wire"
)

// Result is what is printed, as JSON on one line.
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
	addr := flag.String("addr", "127.0.0.1:7001", "`host:port` to send to")
	transport := flag.String("transport", "framed", "`protocol`: framed, ttheader-framed, ttheader, buffered; grpc, grpc-stream or ttstream")
	connections := flag.Int("connections", 64, "connections, each with one call under way, or as many as streams")
	streams := flag.Int("streams", 1, "calls under way, or open streams, of each connection; of the last three protocols")
	body := flag.Int("body", 128, "bytes of a call's string argument")
	seconds := flag.Float64("seconds", 10, "seconds to measure")
	warmup := flag.Float64("warmup", 1, "seconds of load before that")
	timeout := flag.Duration("timeout", 5*time.Second, "after which a call without a reply is an error")
	threads := flag.Int("threads", 1, "threads to spread the connections over")
	watch := flag.Int("watch", 0, "measure CPU time and memory of this `pid` and its descendants")
	also := flag.Int("also", 0, "another `pid` that belongs to the bench")
	label := flag.String("label", "", "`text` to copy into the result")
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
	case *seconds <= 0 || *warmup < 0 || *timeout <= 0:
		log.Fatal("--seconds and --timeout must be positive, --warmup not negative")
	}
	target, err := resolve(*addr)
	if err != nil {
		log.Fatalf("address %s: %v", *addr, err)
	}

	// Buffers are made once: there is no garbage to look for.
	debug.SetGCPercent(-1)
	// The workers never hold up this goroutine, which does the timing.
	runtime.GOMAXPROCS(*threads + 1)

	warmupTime, measureTime := toDuration(*warmup), toDuration(*seconds)
	time.AfterFunc(warmupTime+measureTime+*timeout+10*time.Second, func() {
		log.Fatal("did not end in time")
	})

	var phase atomic.Int32
	workers := make([]*worker, *threads)
	for i := range workers {
		share := *connections / *threads
		if i < *connections%*threads {
			share++
		}
		workers[i], err = newWorker(i, share, target, kind, *body, *timeout, &phase)
		if err != nil {
			log.Fatal(err)
		}
	}
	done := make(chan error, len(workers))
	for _, w := range workers {
		go func() { done <- w.run() }()
	}

	time.Sleep(warmupTime)
	before, err := takeSnapshot(*watch, *also)
	if err != nil {
		log.Fatal(err)
	}
	begin := time.Now()
	phase.Store(phaseMeasure)
	time.Sleep(measureTime)
	phase.Store(phaseDrain)
	elapsed := time.Since(begin)
	after, err := takeSnapshot(*watch, *also)
	if err != nil {
		log.Fatal(err)
	}
	for range workers {
		if err := <-done; err != nil {
			log.Fatal(err)
		}
	}

	result := Result{Label: *label, Round: *round, Transport: *transport, Connections: *connections, Streams: kind.streams, Body: *body}
	result.fill(workers, elapsed.Seconds(), before, after)
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
	if result.Errors > 0 || result.Mismatches > 0 || result.Requests == 0 {
		os.Exit(1)
	}
}

func (r *Result) fill(workers []*worker, elapsed float64, before, after snapshot) {
	var latencies histogram.Histogram
	for _, w := range workers {
		latencies.Merge(&w.latencies)
		r.Errors += w.errors
		r.Mismatches += w.mismatches
		if r.FirstError == "" {
			r.FirstError = w.firstError
		}
	}
	r.Seconds = elapsed
	r.Requests = latencies.Total()
	r.RPS = float64(r.Requests) / elapsed
	r.P50 = micros(latencies.Quantile(0.50))
	r.P90 = micros(latencies.Quantile(0.90))
	r.P99 = micros(latencies.Quantile(0.99))
	r.P999 = micros(latencies.Quantile(0.999))
	r.Max = micros(latencies.Max())

	watched := after.watched.CPU - before.watched.CPU
	r.CPUCores = watched.Seconds() / elapsed
	r.ResidentKiB = after.watched.ResidentKiB
	if r.Requests > 0 {
		r.CPUPerRequest = micros(watched) / float64(r.Requests)
	}
	ours := watched + after.bench - before.bench
	r.OthersCores = max((after.machine.Busy-before.machine.Busy-ours).Seconds()/elapsed, 0)
	r.StealCores = (after.machine.Steal - before.machine.Steal).Seconds() / elapsed
}

// snapshot is what has been used up to one moment.
type snapshot struct {
	watched procstat.Usage // the process tree to measure
	bench   time.Duration  // CPU time of this tool and the backend
	machine procstat.Machine
}

func takeSnapshot(watch, also int) (snapshot, error) {
	var s snapshot
	processes, err := procstat.ReadProcesses()
	if err != nil {
		return s, err
	}
	if watch != 0 {
		if s.watched, err = processes.Tree(watch); err != nil {
			return s, err
		}
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
