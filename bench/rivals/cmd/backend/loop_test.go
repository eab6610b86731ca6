package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"sluice.io/bench/rivals/internal/wire"
)

// dial starts a backend and connects to it.
func dial(t *testing.T) net.Conn {
	t.Helper()
	fd, addr, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLoop(fd)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = l.run() }()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func call(transport wire.Transport, seq int32, argument string) []byte {
	return wire.AppendFramed(nil, transport, seq, wire.Info{Service: "Echo"},
		wire.AppendMessage(nil, wire.Call, "echo", seq, 1, []byte(argument)))
}

func reply(transport wire.Transport, seq int32, argument string) []byte {
	return wire.AppendFramed(nil, transport, seq, replyInfo,
		wire.AppendMessage(nil, wire.Reply, "echo", seq, 0, []byte(argument)))
}

func expect(t *testing.T, c net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil {
		t.Fatalf("after %d of %d bytes: %v", n, len(want), err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("got  %x\nwant %x", got, want)
	}
}

func TestRepliesByteByByte(t *testing.T) {
	for _, transport := range []wire.Transport{wire.Framed, wire.TTHeaderFramed, wire.TTHeader, wire.Buffered} {
		c := dial(t)
		for _, b := range call(transport, 42, "slowly") {
			if _, err := c.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		expect(t, c, reply(transport, 42, "slowly"))
	}
}

func TestRepliesToPipelinedCallsInOrderWhenTheReaderLags(t *testing.T) {
	c := dial(t)
	var want []byte
	var calls []byte
	for i := range int32(3000) {
		argument := fmt.Sprint(i, strings.Repeat("x", int(i)))
		calls = append(calls, call(wire.Framed, i, argument)...)
		want = append(want, reply(wire.Framed, i, argument)...)
	}
	go func() { _, _ = c.Write(calls) }()
	time.Sleep(200 * time.Millisecond) // both sides' buffers fill up meanwhile
	expect(t, c, want)
}

func TestRepliesToAMessageLongerThanTheBuffer(t *testing.T) {
	c := dial(t)
	argument := strings.Repeat("long ", 1<<20)
	go func() { _, _ = c.Write(call(wire.TTHeader, 1, argument)) }()
	expect(t, c, reply(wire.TTHeader, 1, argument))
}

func TestOnewayGetsNoReply(t *testing.T) {
	c := dial(t)
	oneway := wire.AppendFramed(nil, wire.Framed, 1, wire.Info{}, wire.AppendMessage(nil, wire.Oneway, "echo", 1, 1, []byte("x")))
	if _, err := c.Write(append(oneway, call(wire.Framed, 2, "y")...)); err != nil {
		t.Fatal(err)
	}
	expect(t, c, reply(wire.Framed, 2, "y"))
}

func TestOtherArgumentsGetAnException(t *testing.T) {
	c := dial(t)
	odd := wire.AppendFramed(nil, wire.Framed, 1, wire.Info{}, wire.AppendMessage(nil, wire.Call, "echo", 1, 2, []byte("x")))
	if _, err := c.Write(odd); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(c, head); err != nil || head[7] != wire.Exception {
		t.Fatalf("%x, %v", head, err)
	}
}

func TestAnythingElseIsClosed(t *testing.T) {
	c := dial(t)
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Fatalf("read %d bytes of an answer", n)
	}
}
