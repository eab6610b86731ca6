package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/gopkg/protocol/ttheader"
	"github.com/cloudwego/kitex/client/callopt"

	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
)

// testCase is one named exchange with the service behind the address.
type testCase struct {
	name  string
	about string
	// on tells the transports on which the case makes sense.
	on  func(t *wireTransport) bool
	run func(e *env, o *outcome)
}

// env is what the cases of one run share.
type env struct {
	transport *wireTransport
	addr      string
	timeout   time.Duration
	dialer    *countingDialer
	pingPong  interopservice.Client
	streams   streamClient
	// unknownLimit is the deadline of calls of what there is not; 0 is the usual one.
	unknownLimit time.Duration
	// kinds are those of the calls that the transport can have.
	kinds []kind
}

func allCases() []testCase {
	return slices.Concat([]testCase{wireCase}, pingPongCases(), connectionCases(), codecCases(), streamCases())
}

func runClient(args []string) int {
	flags := newFlags("client")
	addr := flags.String("addr", "", "address of the server or gateway")
	transportName := flags.String("transport", "", "one of "+transportNames())
	names := flags.String("case", "", "comma separated cases; all of the transport by default")
	timeout := flags.Duration("timeout", 5*time.Second, "limit of a call")
	caseLimit := flags.Duration("case-limit", time.Minute, "limit of a whole case")
	list := flags.Bool("list", false, "print the cases of each transport, or of the one given")
	verbose := flags.Bool("verbose", false, "write Kitex logs to standard error")
	_ = flags.Parse(args)
	setLogging(*verbose)

	t := transportNamed(*transportName, transports)
	if t == nil && (*transportName != "" || !*list) {
		fmt.Fprintf(os.Stderr, "peer client: --transport must be one of %s\n", transportNames())
		return 2
	}
	if *list {
		listCases(t)
		return 0
	}
	if *addr == "" {
		fmt.Fprintln(os.Stderr, "peer client: --addr is missing")
		return 2
	}
	chosen, err := chooseCases(t, *names)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer client:", err)
		return 2
	}
	e, err := newEnv(t, *addr, *timeout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer client:", err)
		return 2
	}
	status := 0
	for _, c := range chosen {
		if !runCase(c, e, *caseLimit) {
			status = 1
		}
	}
	return status
}

func newEnv(t *wireTransport, addr string, timeout time.Duration) (*env, error) {
	e := &env{transport: t, addr: addr, timeout: timeout, dialer: newCountingDialer()}
	options := t.options(addr, manner{connections: 8}, e.dialer)
	var err error
	if t.family == pingPong {
		e.pingPong, err = interopservice.NewClient(pingPongDestination, options...)
	} else {
		e.streams, err = newStreamClient(t, options)
	}
	return e, err
}

// runCase runs one case in time, prints its line and returns its verdict.
func runCase(c testCase, e *env, limit time.Duration) bool {
	o := newOutcome(c.name, e.transport)
	begin := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				o.check(false, "the case panicked: %v", p)
			}
		}()
		c.run(e, o)
	}()
	select {
	case <-done:
	case <-time.After(limit):
		// The case may go on writing to its outcome, so this line is built anew.
		o = newOutcome(c.name, e.transport)
		o.check(false, "the case did not end within %v", limit)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Millis = time.Since(begin).Milliseconds()
	printJSON(os.Stdout, &o.line)
	return o.OK
}

func chooseCases(t *wireTransport, names string) ([]testCase, error) {
	var chosen []testCase
	if names == "" {
		for _, c := range allCases() {
			if c.on(t) {
				chosen = append(chosen, c)
			}
		}
		return chosen, nil
	}
	for _, name := range strings.Split(names, ",") {
		found := false
		for _, c := range allCases() {
			if c.name == name && c.on(t) {
				chosen = append(chosen, c)
				found = true
			}
		}
		if !found {
			return nil, fmt.Errorf("transport %s has no case %q", t.name, name)
		}
	}
	return chosen, nil
}

func listCases(only *wireTransport) {
	for _, t := range transports {
		if only != nil && only != t {
			continue
		}
		fmt.Println(t.name)
		for _, c := range allCases() {
			if c.on(t) {
				fmt.Printf("  %-30s %s\n", c.name, c.about)
			}
		}
	}
}

func transportNames() string {
	names := make([]string, len(transports))
	for i, t := range transports {
		names[i] = t.name
	}
	return strings.Join(names, ", ")
}

func onFamily(families ...family) func(*wireTransport) bool {
	return func(t *wireTransport) bool {
		for _, f := range families {
			if t.family == f {
				return true
			}
		}
		return false
	}
}

func onTTHeader(t *wireTransport) bool {
	return t.family == pingPong && t.ttheader
}

// uniqueKey names something on the server that no other run uses.
func uniqueKey() string {
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// callContext returns a context that gathers the backward values of a call.
func callContext() context.Context {
	return metainfo.WithBackwardValues(context.Background())
}

// keepBackward stores the backward values gathered by ctx. crrst speaks of one connection only.
func (o *outcome) keepBackward(ctx context.Context) {
	o.Backward = map[string]string{}
	for key, value := range metainfo.RecvAllBackwardValues(ctx) {
		if key == ttheader.HeaderConnectionReadyToReset {
			o.note("connectionReadyToReset", value)
			continue
		}
		o.Backward[key] = canonical(key, value)
	}
}

// withTimeout returns the call options of an ordinary call.
func (e *env) withTimeout() callopt.Option {
	return callopt.WithRPCTimeout(e.timeout)
}
