// Command peer is a grpc-go server and client for interoperability tests. Its
// messages are bytes of no IDL, so that every kind of call has every length.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const usage = `usage:
  peer server [--addr HOST:PORT]
  peer client --addr HOST:PORT [--dead HOST:PORT] [--dying HOST:PORT] [--case NAME,...] [--at-once N]
  peer load --addr HOST:PORT [--shape SHAPE] [--workers N] [--timeout DURATION]
  peer probe --addr HOST:PORT [--names NAME,...] [--stay DURATION]

Run "peer <command> -h" for all flags.
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	commands := map[string]func(args []string) int{"server": runServer, "client": runClient, "load": runLoad, "probe": runProbe}
	command, found := commands[os.Args[1]]
	if !found {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(command(os.Args[2:]))
}

// exitOnStdinClose ends the process when its parent goes away, so that no orphan is left behind.
func exitOnStdinClose() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}

// The names of services and methods; the Java peer has the same.
const (
	rawService     = "interop.Raw"
	controlService = "interop.Control"
	planKey        = "plan"
)

// The kinds of calls, which are the methods of interop.Raw.
const (
	unary  = "Unary"
	client = "Client"
	srv    = "Server"
	bidi   = "Bidi"
)

// plan is what a caller asks of the server, in metadata: "fail=2,hold=7".
type plan map[string]string

func parsePlan(values []string) plan {
	p := plan{}
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			if key, value, found := strings.Cut(part, "="); found {
				p[key] = value
			}
		}
	}
	return p
}

// number returns otherwise if the plan does not have the key.
func (p plan) number(key string, otherwise int) int {
	if n, err := strconv.Atoi(p[key]); err == nil {
		return n
	}
	return otherwise
}

// raw is a codec that leaves bytes as they are. It is not registered: its name makes the content type
// application/grpc+raw, which nobody on the way knows.
type raw struct{}

func (raw) Name() string { return "raw" }

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte{}, data...)
	return nil
}
