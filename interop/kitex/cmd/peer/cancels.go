package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

// runCancels opens streams one after the other and cancels each while both sides wait for the other.
func runCancels(args []string) int {
	flags := newFlags("cancels")
	addr := flags.String("addr", "", "address of the server or gateway")
	transportName := flags.String("transport", "", "one of "+transportNames())
	count := flags.Int("count", 50, "how many")
	pause := flags.Duration("pause", 5*time.Millisecond, "how long a stream is quiet before its cancel")
	_ = flags.Parse(args)
	setLogging(false)

	t := transportNamed(*transportName, transports)
	if t == nil || t.family != grpc && t.family != stream || *addr == "" {
		fmt.Fprintln(os.Stderr, "peer cancels: --addr and a --transport with streams are needed")
		return 2
	}
	c, err := connectStreams(t, *addr, manner{connections: 1, shared: true})
	for i := 0; err == nil && i < *count; i++ {
		err = openAndCancel(c, *pause)
	}
	if err == nil {
		err = openAndEnd(c)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer cancels:", err)
		return 1
	}
	return 0
}

// openAndEnd has a stream go all its way, and with it whatever was still to be written.
func openAndEnd(c streamClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	st, err := c.Chat(ctx)
	if err != nil {
		return err
	}
	if _, err := exchange(ctx, st, &interop.Msg{}); err != nil {
		return err
	}
	if err := st.CloseSend(ctx); err != nil {
		return err
	}
	if _, err := st.Recv(ctx); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the last stream ended with %v", err)
	}
	return nil
}

func openAndCancel(c streamClient, pause time.Duration) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	st, err := c.Chat(ctx)
	if err != nil {
		return err
	}
	if _, err := exchange(ctx, st, &interop.Msg{}); err != nil {
		return err
	}
	ended := readUntilError(ctx, st)
	time.Sleep(pause) // the reader waits in Recv by then, where Kitex looks for a cancel
	cancel()
	select {
	case <-ended:
		return nil
	case <-time.After(30 * time.Second):
		return fmt.Errorf("the stream did not end")
	}
}
