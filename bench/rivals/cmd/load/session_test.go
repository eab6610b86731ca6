package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"sluice.io/bench/rivals/internal/wire"
)

// driveSessions runs a worker with three connections of eight streams each for a short while.
func driveSessions(t *testing.T, transport string, serve func(net.Conn)) *worker {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	target, err := resolve(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	kind, err := parseProtocol(transport, 8)
	if err != nil {
		t.Fatal(err)
	}
	var phase atomic.Int32
	phase.Store(phaseMeasure)
	w, err := newWorker(0, 3, target, kind, 128, 2*time.Second, &phase)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.run() }()
	time.Sleep(500 * time.Millisecond)
	phase.Store(phaseDrain)
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the worker hangs")
	}
	return w
}

// serveHTTP2 is Go's own HTTP/2 server, with what answer makes of a call's messages.
func serveHTTP2(status string, answer func(w http.ResponseWriter, body io.Reader)) func(net.Conn) {
	handler := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "grpc-status")
		w.Header().Set("content-type", "application/grpc")
		answer(w, r.Body)
		w.Header().Set("grpc-status", status)
	}
	return func(c net.Conn) {
		(&http2.Server{}).ServeConn(c, &http2.ServeConnOpts{Handler: http.HandlerFunc(handler)})
	}
}

func sendBack(w http.ResponseWriter, body io.Reader) {
	buf := make([]byte, 1024)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			_, _ = w.Write(buf[:n])
			w.(http.Flusher).Flush()
		}
		if err != nil {
			return
		}
	}
}

func TestGRPCCallsAreCounted(t *testing.T) {
	for _, transport := range []string{"grpc", "grpc-stream"} {
		w := driveSessions(t, transport, serveHTTP2("0", sendBack))
		if w.latencies.Total() < 24 || w.errors != 0 || w.mismatches != 0 {
			t.Errorf("%s: %d replies, %d errors, %d mismatches: %s", transport, w.latencies.Total(), w.errors, w.mismatches, w.firstError)
		}
	}
}

func TestAGRPCStatusIsNoReply(t *testing.T) {
	w := driveSessions(t, "grpc", serveHTTP2("14", sendBack))
	if w.latencies.Total() != 0 || w.errors == 0 || !strings.Contains(w.firstError, `grpc-status "14"`) {
		t.Errorf("%d replies, %d errors: %s", w.latencies.Total(), w.errors, w.firstError)
	}
}

func TestAnotherGRPCMessageIsAMismatch(t *testing.T) {
	w := driveSessions(t, "grpc", serveHTTP2("0", func(w http.ResponseWriter, body io.Reader) {
		all, _ := io.ReadAll(body)
		all[len(all)-1] ^= 1
		_, _ = w.Write(all)
	}))
	if w.latencies.Total() != 0 || w.mismatches == 0 {
		t.Errorf("%d replies, %d mismatches: %s", w.latencies.Total(), w.mismatches, w.firstError)
	}
}

// serveTTStream sends back every frame, with what change makes of a message.
func serveTTStream(change func(message []byte)) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		var in bytes.Buffer
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			in.Write(buf[:n])
			for {
				f, err := wire.NextStream(in.Bytes())
				if err != nil || f.Size == 0 {
					break
				}
				payload := append([]byte{}, f.Payload...)
				if f.Type == wire.StreamData {
					change(payload)
				}
				if _, err := c.Write(wire.AppendStreamFrame(nil, f.ID, f.Type, "", method, payload)); err != nil {
					return
				}
				in.Next(f.Size)
			}
		}
	}
}

func TestTTStreamMessagesAreCounted(t *testing.T) {
	w := driveSessions(t, "ttstream", serveTTStream(func([]byte) {}))
	if w.latencies.Total() < 24 || w.errors != 0 || w.mismatches != 0 {
		t.Errorf("%d replies, %d errors, %d mismatches: %s", w.latencies.Total(), w.errors, w.mismatches, w.firstError)
	}
}

func TestAnotherTTStreamMessageIsAMismatch(t *testing.T) {
	w := driveSessions(t, "ttstream", serveTTStream(func(m []byte) { m[len(m)-2] ^= 1 }))
	if w.latencies.Total() != 0 || w.mismatches == 0 {
		t.Errorf("%d replies, %d mismatches: %s", w.latencies.Total(), w.mismatches, w.firstError)
	}
}

func TestSilentPeersOfSessionsAreErrors(t *testing.T) {
	for _, transport := range []string{"grpc", "ttstream"} {
		w := driveSessions(t, transport, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
		if w.latencies.Total() != 0 || w.errors < 3 || w.firstError != "no reply in time" {
			t.Errorf("%s: %d replies, %d errors: %s", transport, w.latencies.Total(), w.errors, w.firstError)
		}
	}
}
