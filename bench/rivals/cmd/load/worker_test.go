package main

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluice.io/bench/rivals/internal/wire"
)

// drive runs one worker for a short while against a server that answers each
// frame with what answer makes of the right reply; nil closes the connection.
func drive(t *testing.T, transport wire.Transport, answer func(n int, reply []byte) []byte) *worker {
	t.Helper()
	target := listen(t, answer)
	var phase atomic.Int32
	phase.Store(phaseMeasure)
	w, err := newWorker(0, 3, target, protocol{transport: transport}, 128, 300*time.Millisecond, &phase)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.run() }()
	time.Sleep(400 * time.Millisecond)
	phase.Store(phaseDrain)
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the worker hangs")
	}
	return w
}

// listen serves connections with echo until the test has ended.
func listen(t *testing.T, answer func(int, []byte) []byte) unix.SockaddrInet4 {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go echo(c, answer)
		}
	}()
	target, err := resolve(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func echo(c net.Conn, answer func(int, []byte) []byte) {
	defer c.Close()
	var in []byte
	buf := make([]byte, 4096)
	for n := 0; ; {
		got, err := c.Read(buf)
		if err != nil {
			return
		}
		in = append(in, buf[:got]...)
		for {
			f, err := wire.Next(in)
			if err != nil {
				return
			}
			if f.Size == 0 {
				break
			}
			call, err := wire.ParseCall(f.Message)
			if err != nil {
				return
			}
			argument, _ := wire.OnlyString(call.Body, 1)
			message := wire.AppendMessage(nil, wire.Reply, call.Method, call.Seq, 0, argument)
			reply := answer(n, wire.AppendFramed(nil, f.Transport, call.Seq, wire.Info{Service: "of a hop"}, message))
			if reply == nil {
				return
			}
			if _, err := c.Write(reply); err != nil {
				return
			}
			in = in[f.Size:]
			n++
		}
	}
}

func TestRightRepliesAreCounted(t *testing.T) {
	for _, transport := range []wire.Transport{wire.Framed, wire.TTHeaderFramed, wire.TTHeader, wire.Buffered} {
		w := drive(t, transport, func(_ int, reply []byte) []byte { return reply })
		if w.latencies.Total() < 10 || w.errors != 0 || w.mismatches != 0 {
			t.Errorf("%v: %d replies, %d errors, %d mismatches: %s", transport, w.latencies.Total(), w.errors, w.mismatches, w.firstError)
		}
	}
}

func TestAnyChangedByteIsAMismatch(t *testing.T) {
	length := len(wire.AppendFramed(nil, wire.Framed, 0, wire.Info{}, wire.AppendMessage(nil, wire.Reply, method, 0, 0, make([]byte, 128))))
	w := drive(t, wire.Framed, func(n int, reply []byte) []byte {
		reply[8+n%(length-8)] ^= 1 // anything behind the magic
		return reply
	})
	if w.mismatches < 10 || w.latencies.Total() != 0 {
		t.Errorf("%d mismatches, %d right", w.mismatches, w.latencies.Total())
	}
}

func TestAReplyToAnotherCallIsAMismatch(t *testing.T) {
	var last []byte
	w := drive(t, wire.Framed, func(n int, reply []byte) []byte {
		stale := last
		last = reply
		if n == 1 && stale != nil {
			return stale
		}
		return reply
	})
	if w.mismatches == 0 {
		t.Error("not seen")
	}
}

func TestASecondReplyIsAMismatch(t *testing.T) {
	w := drive(t, wire.Framed, func(_ int, reply []byte) []byte { return append(reply, reply...) })
	if w.mismatches == 0 {
		t.Error("not seen")
	}
}

func TestClosedConnectionsAreErrorsAndDialedAgain(t *testing.T) {
	w := drive(t, wire.Framed, func(n int, reply []byte) []byte {
		if n == 5 {
			return nil
		}
		return reply
	})
	if w.errors < 3 || w.latencies.Total() < 15 {
		t.Errorf("%d errors, %d replies", w.errors, w.latencies.Total())
	}
}

func TestSilenceIsAnErrorInTime(t *testing.T) {
	w := drive(t, wire.Framed, func(int, []byte) []byte { return []byte{} })
	if w.errors < 3 || w.firstError != "no reply in time" {
		t.Errorf("%d errors, first %q", w.errors, w.firstError)
	}
}

func TestTargetsAreCalledInTurns(t *testing.T) {
	const turn = 20 * time.Millisecond
	const connections = 3
	var answered [2]atomic.Int64
	var targets []*target
	done := make(chan error)
	for i := range answered {
		to := &target{address: listen(t, func(_ int, reply []byte) []byte {
			answered[i].Add(1)
			return reply
		})}
		to.phase.Store(phaseMeasure)
		w, err := newWorker(i, connections, to.address, protocol{transport: wire.Framed}, 128, time.Second, &to.phase)
		if err != nil {
			t.Fatal(err)
		}
		to.workers = append(to.workers, w)
		targets = append(targets, to)
		go func() { done <- w.run() }()
	}
	for takeTurns(targets, turn, 4*turn); answered[0].Load() < 10 || answered[1].Load() < 10; {
		takeTurns(targets, turn, 4*turn)
	}

	// Now that nobody has the turn, what is under way ends, one call a connection, and no more begin.
	before := answered[0].Load() + answered[1].Load()
	time.Sleep(10 * turn)
	if more := answered[0].Load() + answered[1].Load() - before; more > 2*connections {
		t.Errorf("%d calls out of turn", more)
	}
	for i, to := range targets {
		to.phase.Store(phaseDrain)
		if to.active < 2*turn {
			t.Errorf("target %d had the turn for %v", i, to.active)
		}
	}
	for range targets {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for i, to := range targets {
		w := to.workers[0]
		// Those that end in the last phase are not counted.
		missing := answered[i].Load() - int64(w.latencies.Total())
		if w.errors != 0 || w.mismatches != 0 || missing < 0 || missing > connections {
			t.Errorf("target %d: %d answered, %d counted, %d errors: %s", i, answered[i].Load(), w.latencies.Total(), w.errors, w.firstError)
		}
	}
}

func TestListsForTargetsMustMatch(t *testing.T) {
	if _, err := parseTargets("127.0.0.1:1,127.0.0.1:2", "a", ""); err == nil {
		t.Error("one label for two addresses was taken")
	}
	if _, err := parseTargets("127.0.0.1:1,127.0.0.1:2", "a,b", "7"); err == nil {
		t.Error("one process for two addresses was taken")
	}
	targets, err := parseTargets("127.0.0.1:1,127.0.0.1:2", "a,b", "7,8")
	if err != nil || len(targets) != 2 || targets[1].label != "b" || targets[1].watch != 8 {
		t.Errorf("%v, %v", targets, err)
	}
}
