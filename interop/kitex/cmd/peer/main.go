// Command peer is a real Kitex server, client and load generator for interoperability tests.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/netpoll"
)

const usage = `usage:
  peer server [--addr HOST:PORT] [--exit-wait 1s] [--exit-on-stdin-close] [--verbose]
  peer client --addr HOST:PORT --transport NAME [--case NAME,...] [--timeout 5s] [--list]
  peer kinds  --addr HOST:PORT --transport NAME [--dead HOST:PORT] [--dying HOST:PORT] [--at-once 8]
  peer cancels --addr HOST:PORT --transport NAME [--count 50]
  peer tries  --file CALLS.json
  peer load   --addr HOST:PORT --transport NAME [--connections 64] [--calls 100000] [--seconds N]

Run "peer <command> -h" for all flags.
`

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	commands := map[string]func(args []string) int{
		"server":  runServer,
		"client":  runClient,
		"kinds":   runKinds,
		"cancels": runCancels,
		"tries":   runTries,
		"load":    runLoad,
	}
	command, found := commands[os.Args[1]]
	if !found {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(command(os.Args[2:]))
}

// newFlags returns a flag set that exits with status 2 on a wrong flag.
func newFlags(command string) *flag.FlagSet {
	return flag.NewFlagSet("peer "+command, flag.ExitOnError)
}

// setLogging silences Kitex and netpoll unless verbose; logs never go to standard output.
func setLogging(verbose bool) {
	klog.SetOutput(os.Stderr)
	if verbose {
		netpoll.SetLoggerOutput(os.Stderr)
		return
	}
	klog.SetLevel(klog.LevelFatal)
	klog.SetOutput(io.Discard)
	netpoll.SetLoggerOutput(io.Discard)
	log.SetOutput(io.Discard)
}

// exitOnStdinClose ends the process when its parent goes away, so that no orphan is left behind.
func exitOnStdinClose() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
