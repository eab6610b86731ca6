package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// kind is one of the four kinds of calls.
type kind string

const (
	kindUnary  kind = "unary"
	kindClient kind = "client"
	kindServer kind = "server"
	kindBidi   kind = "bidi"
)

var (
	allKinds    = []kind{kindUnary, kindClient, kindServer, kindBidi}
	streamKinds = []kind{kindClient, kindServer, kindBidi}
)

func (k kind) sendsMany() bool { return k == kindClient || k == kindBidi }

func (k kind) receivesMany() bool { return k == kindServer || k == kindBidi }

// Where a case calls.
const (
	lasting = "addr"  // a server that other cases use too
	gone    = "dead"  // nobody
	mortal  = "dying" // a server that the case kills
)

// kindCase is a case with one kind of call. Its line has only what is to be the same over every
// transport, as far as that can carry it.
type kindCase struct {
	testCase
	// kind is empty if the case has calls of all kinds.
	kind kind
	at   string
}

// runKinds runs the cases of all kinds of calls, several at the same time; their lines come in no order.
func runKinds(args []string) int {
	flags := newFlags("kinds")
	places := map[string]*string{
		lasting: flags.String(lasting, "", "address of a server or gateway"),
		gone:    flags.String(gone, "", "address where nobody listens, or a gateway before it"),
		mortal:  flags.String(mortal, "", "address of a server that one case kills, or a gateway before it"),
	}
	all := slices.Concat(transports, googleTransports)
	transportName := flags.String("transport", "", "as for client, or google-thrift or google-pb")
	names := flags.String("case", "", "comma separated cases; all of the transport by default")
	without := flags.String("without", "", "comma separated cases that are left out")
	only := flags.String("kind", "", "only cases of this kind, and those of all kinds at once")
	unknownLimit := flags.Duration("unknown-limit", 0, "deadline of calls that a ttstream server may never answer")
	atOnce := flags.Int("at-once", 8, "cases that run at the same time")
	timeout := flags.Duration("timeout", 30*time.Second, "limit of a call")
	verbose := flags.Bool("verbose", false, "write Kitex logs to standard error")
	_ = flags.Parse(args)
	setLogging(*verbose)

	t := transportNamed(*transportName, all)
	if t == nil || t.family == pingPong || *places[lasting] == "" {
		fmt.Fprintln(os.Stderr, "peer kinds: --addr and a --transport with streams or of Protobuf are needed")
		return 2
	}
	envs := map[string]*env{}
	for place, addr := range places {
		if *addr == "" {
			continue
		}
		e := &env{transport: t, addr: *addr, timeout: *timeout, dialer: newCountingDialer(), unknownLimit: *unknownLimit, kinds: allKinds}
		if *only != "" {
			e.kinds = []kind{kind(*only)}
		} else if t.family == kitexPB {
			e.kinds = []kind{kindUnary}
		}
		var err error
		if e.streams, err = connectStreams(t, *addr, manner{connections: 8}); err != nil {
			fmt.Fprintln(os.Stderr, "peer kinds:", err)
			return 2
		}
		envs[place] = e
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	failed := 0
	running := make(chan struct{}, max(*atOnce, 1))
	for _, c := range kindCases() {
		wanted := *names == "" || slices.Contains(strings.Split(*names, ","), c.name)
		wanted = wanted && !slices.Contains(strings.Split(*without, ","), c.name)
		wanted = wanted && (*only == "" || c.kind == "" || c.kind == kind(*only))
		if envs[c.at] == nil || !wanted || !c.on(t) {
			continue
		}
		running <- struct{}{}
		group.Go(func() {
			defer func() { <-running }()
			if !runCase(c.testCase, envs[c.at], 2*time.Minute) {
				mu.Lock()
				defer mu.Unlock()
				failed = 1
			}
		})
	}
	group.Wait()
	return failed
}
