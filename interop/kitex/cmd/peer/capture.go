package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sort"
	"sync"
	"time"

	"github.com/cloudwego/gopkg/protocol/ttheader"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
)

// wireCase makes one call through a recording relay and looks at the bytes.
var wireCase = testCase{
	name:  "wire",
	about: "framing of the first request and reply, taken from the bytes",
	on:    func(*wireTransport) bool { return true },
	run:   caseWire,
}

func caseWire(e *env, o *outcome) {
	relay, err := newRelay(e.addr)
	if !o.succeed(err) {
		return
	}
	defer relay.close()
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
	defer cancel()
	options := e.transport.options(relay.listener.Addr().String(), manner{connections: 1}, newCountingDialer())
	switch e.transport.family {
	case pingPong:
		c, err := interopservice.NewClient(pingPongDestination, options...)
		if !o.succeed(err) {
			return
		}
		_, err = c.Text(ctx, "captured", e.withTimeout())
		o.succeed(err)
	case stream:
		c, err := newStreamClient(e.transport, options)
		if !o.succeed(err) {
			return
		}
		st, err := c.Chat(ctx)
		if o.succeed(err) {
			_, err := exchange(ctx, st, &interop.Msg{Text: "captured"})
			o.succeed(err)
			_ = st.CloseSend(ctx)
			_, err = st.Recv(ctx)
			o.check(err == io.EOF, "end of stream: %v", err)
		}
	default:
		c, err := newStreamClient(e.transport, options)
		if !o.succeed(err) {
			return
		}
		_, err = c.Unary(ctx, &interop.Msg{Text: "captured"}, e.withTimeout())
		o.succeed(err)
	}
	request, reply := relay.captured()
	seenRequest, seenReply := examine(request), examine(reply)
	o.Result = map[string]any{"request": seenRequest, "reply": seenReply}
	o.check(seenRequest["framing"] == e.transport.framing, "request framing is %v", seenRequest["framing"])
	if e.transport.mux {
		o.check(seenRequest["outOfOrder"] == true, "the request does not say that replies may come in any order")
	}
	if e.transport.family != grpc {
		o.check(seenReply["framing"] == e.transport.framing, "reply framing is %v", seenReply["framing"])
	}
}

// relay forwards connections to a target and records the start of both directions of the first one.
type relay struct {
	listener net.Listener
	target   string

	mu             sync.Mutex
	request, reply bytes.Buffer
	connections    []net.Conn
}

func newRelay(target string) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{listener: listener, target: target}
	go r.accept()
	return r, nil
}

func (r *relay) accept() {
	for first := true; ; first = false {
		inbound, err := r.listener.Accept()
		if err != nil {
			return
		}
		outbound, err := net.DialTimeout("tcp", r.target, 2*time.Second)
		if err != nil {
			inbound.Close()
			continue
		}
		r.mu.Lock()
		r.connections = append(r.connections, inbound, outbound)
		r.mu.Unlock()
		go r.pump(outbound, inbound, &r.request, first)
		go r.pump(inbound, outbound, &r.reply, first)
	}
}

func (r *relay) pump(to, from net.Conn, record *bytes.Buffer, recording bool) {
	defer to.Close()
	chunk := make([]byte, 32<<10)
	for {
		n, err := from.Read(chunk)
		if recording {
			r.mu.Lock()
			if record.Len() < 64<<10 {
				record.Write(chunk[:n])
			}
			r.mu.Unlock()
		}
		if n > 0 {
			if _, err := to.Write(chunk[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *relay) captured() (request, reply []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.request.Bytes()), bytes.Clone(r.reply.Bytes())
}

func (r *relay) close() {
	r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.connections {
		c.Close()
	}
}

// examine names the framing of the first message and lists the keys of its TTHeader.
func examine(data []byte) map[string]any {
	seen := map[string]any{"framing": "unknown"}
	u16 := func(at int) uint16 {
		if len(data) < at+2 {
			return 0
		}
		return binary.BigEndian.Uint16(data[at:])
	}
	prefix := ""
	switch {
	case bytes.HasPrefix(data, []byte("PRI * HT")):
		seen["framing"] = "http2"
		return seen
	case len(data) >= 9 && data[0] == 0 && data[3] == 4 && data[4]&0xfe == 0:
		seen["framing"] = "http2 settings"
		return seen
	case u16(4) == 0x1000:
		param, err := ttheader.DecodeFromBytes(context.Background(), data)
		if err != nil {
			seen["framing"] = "broken ttheader: " + err.Error()
			return seen
		}
		seen["intKeys"] = sortedInts(param.IntInfo)
		seen["strKeys"] = sortedStrings(param.StrInfo)
		seen["outOfOrder"] = u16(6)&1 != 0
		if u16(6)&2 != 0 {
			seen["framing"] = "ttstream"
			return seen
		}
		data = data[param.HeaderLen:]
		prefix = "ttheader "
	}
	switch {
	case u16(0) == 0x8001:
		seen["framing"] = prefix + "buffered thrift"
	case u16(4) == 0x8001:
		seen["framing"] = prefix + "framed thrift"
	case u16(4) == 0x9001:
		seen["framing"] = prefix + "framed kitex-protobuf"
	}
	return seen
}

func sortedInts(m map[uint16]string) []int {
	keys := make([]int, 0, len(m))
	for key := range m {
		keys = append(keys, int(key))
	}
	sort.Ints(keys)
	return keys
}

func sortedStrings(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
