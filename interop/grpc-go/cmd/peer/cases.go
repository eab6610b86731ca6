package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
)

// testCase is one case with one kind of call.
type testCase struct {
	name string
	kind string
	at   string
	run  func(e *env, o *outcome)
}

// Where a case calls.
const (
	lasting = "lasting" // a server that other cases use too
	gone    = "gone"    // nobody
	mortal  = "mortal"  // a server that the case may kill
)

func cases() []testCase {
	all := []string{unary, client, srv, bidi}
	streams := []string{client, srv, bidi}
	var list []testCase
	add := func(name string, kinds []string, run func(e *env, o *outcome)) {
		for _, kind := range kinds {
			list = append(list, testCase{name, kind, lasting, run})
		}
	}
	add("echo", all, echo([]byte("one"), []byte("two"), []byte("three")))
	add("empty", all, echo([]byte{}, []byte{}))
	add("1-mib", all, echo(filled(1<<20, 1), filled(1<<20, 2), filled(1<<20, 3)))
	add("10000-in-order", streams, inOrder)
	add("early-end", streams, earlyEnd)
	add("half-close", streams, halfClose)
	add("header-first", all, headerFirst)
	add("metadata", all, metadataBothWays)
	add("trailers", all, trailersOfAFailure)
	add("gzip", all, gzip)
	add("error-before", all, errorBefore)
	add("error-midstream", streams, errorMidstream)
	add("cancel", all, cancelled)
	add("deadline", all, deadline)
	add("unknown-method", all, unknown("/"+rawService+"/Absent"))
	add("unknown-service", all, unknown("/interop.Absent/Unary"))
	for _, kind := range all {
		list = append(list, testCase{"dead", kind, gone, dead})
	}
	// One server dies once, under calls of all kinds.
	return append(list, testCase{"dying", "all", mortal, dying})
}

func filled(length int, seed byte) []byte {
	m := make([]byte, length)
	for i := range m {
		m[i] = byte(i>>8) ^ byte(i)*seed
	}
	return m
}

func numbered(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// expected is what the server makes of the requests.
func (e *env) expected(requests [][]byte, replies int) *sum {
	sum := newSum()
	switch e.kind {
	case client:
		all := newSum()
		for _, m := range requests {
			all.add(m)
		}
		sum.add([]byte(all.String()))
	case srv:
		for n := range replies {
			sum.add(append(binary.BigEndian.AppendUint32(nil, uint32(n)), requests[0]...))
		}
	default:
		for _, m := range requests {
			sum.add(m)
		}
	}
	return sum
}

func (o *outcome) expectMessages(want *sum) {
	o.check(o.Messages == want.String(), "messages are %s instead of %s", o.Messages, want)
}

func (o *outcome) expectStatus(want string) {
	o.check(o.Status == want, "status is %s instead of %s: %v", o.Status, want, o.Volatile["message"])
}

func (o *outcome) expectTrailer(key, want string) {
	got := strings.Join(o.Trailers[key], ",")
	o.check(got == want, "trailer %s is %q instead of %q", key, got, want)
}

// call opens a call, or notes why it cannot.
func (e *env) call(o *outcome, ctx context.Context, plan string, pairs []string, options ...grpc.CallOption) grpc.ClientStream {
	stream, err := e.open(ctx, plan, pairs, options...)
	if err != nil {
		o.check(false, "cannot open: %v", err)
		return nil
	}
	return stream
}

func echo(messages ...[]byte) func(e *env, o *outcome) {
	return func(e *env, o *outcome) {
		requests := e.requests(messages...)
		stream := e.call(o, e.ctx, "replies=3", nil)
		if stream == nil {
			return
		}
		e.talk(o, stream, requests, true)
		o.expectStatus("OK")
		o.expectMessages(e.expected(requests, 3))
		o.expectTrailer("t-reads", fmt.Sprint(len(requests)))
	}
}

func inOrder(e *env, o *outcome) {
	var messages [][]byte
	for n := range 10_000 {
		messages = append(messages, numbered(n))
	}
	requests := e.requests(messages...)
	stream := e.call(o, e.ctx, "replies=10000", nil)
	if stream == nil {
		return
	}
	e.talk(o, stream, requests, true)
	o.expectStatus("OK")
	o.expectMessages(e.expected(requests, 10_000))
}

// earlyEnd: the server ends the call while the caller could go on.
func earlyEnd(e *env, o *outcome) {
	messages := e.requests([]byte("one"), []byte("two"))
	stream := e.call(o, e.ctx, "replies=9,end=2", nil)
	if stream == nil {
		return
	}
	e.talk(o, stream, messages, e.kind == srv)
	o.expectStatus("OK")
	o.expectMessages(e.expected(messages, 2))
	if e.kind != srv {
		o.expectTrailer("t-half-closed", "false")
	}
}

// halfClose: the server knows of it, and goes on.
func halfClose(e *env, o *outcome) {
	messages := e.requests([]byte("one"), []byte("two"))
	stream := e.call(o, e.ctx, "replies=3,late=3", nil)
	if stream == nil {
		return
	}
	e.talk(o, stream, messages, true)
	o.expectStatus("OK")
	o.expectTrailer("t-half-closed", "true")
	want := e.expected(messages, 3)
	if e.kind == bidi {
		for i := range 3 {
			want.add(fmt.Appendf(nil, "late %d", i))
		}
	}
	o.expectMessages(want)
}

// headerFirst: the header comes while the server holds back everything else.
func headerFirst(e *env, o *outcome) {
	messages := e.requests([]byte("one"), []byte("two"))
	stream := e.call(o, e.ctx, "hold="+e.id, []string{"x-early", "yes"})
	if stream == nil {
		return
	}
	// Where the caller may, it sends nothing before the header is there.
	first := e.kind == unary || e.kind == srv
	if first {
		o.check(send(stream, messages, true) == nil, "cannot send")
	}
	header, err := stream.Header()
	o.check(err == nil && strings.Join(header.Get("x-early"), ",") == "yes", "header is %v, error %v", header, err)
	if _, err := e.control("Release"); err != nil {
		o.check(false, "release: %v", err)
		return
	}
	if first {
		e.talk(o, stream, nil, false)
	} else {
		e.talk(o, stream, messages, true)
	}
	o.expectStatus("OK")
	o.expectMessages(e.expected(messages, 1))
}

// allBytes has every byte that a -bin value may have.
func allBytes() string {
	var b bytes.Buffer
	for i := range 256 {
		b.WriteByte(byte(i))
	}
	return b.String()
}

func mixedMetadata() []string {
	return []string{"x-one", "a b", "x-many", "1", "x-many", "2", "x-many", "3", "x-empty", "", "x-all-bin", allBytes(), "x-none-bin", "", "x-two-bin", "\x00", "x-two-bin", "\xff\xfe"}
}

func metadataBothWays(e *env, o *outcome) {
	messages := e.requests([]byte("one"))
	stream := e.call(o, e.ctx, "", mixedMetadata())
	if stream == nil {
		return
	}
	e.talk(o, stream, messages, true)
	o.expectStatus("OK")
	o.check(len(o.Headers["x-many"]) == 3, "x-many is %v", o.Headers["x-many"])
	o.check(len(o.Headers["x-two-bin"]) == 2, "x-two-bin is %v", o.Headers["x-two-bin"])
	o.check(len(strings.Join(o.Headers["x-all-bin"], "")) == 512, "x-all-bin is %v", o.Headers["x-all-bin"])
	o.expectTrailer("t-many", "1,2,3")
}

// trailersOfAFailure: a status with details, and metadata beside it.
func trailersOfAFailure(e *env, o *outcome) {
	stream := e.call(o, e.ctx, "fail=0", mixedMetadata())
	if stream == nil {
		return
	}
	e.talk(o, stream, e.requests([]byte("one")), true)
	o.expectFailure()
	o.expectTrailer("t-many", "1,2,3")
	o.check(len(strings.Join(o.Trailers["t-all-bin"], "")) == 512, "t-all-bin is %v", o.Trailers["t-all-bin"])
}

func (o *outcome) expectFailure() {
	o.expectStatus("FailedPrecondition")
	o.check(o.Message == failText, "message is %q", o.Message)
	o.check(o.Details != "", "there are no details")
}

func gzip(e *env, o *outcome) {
	messages := e.requests(bytes.Repeat([]byte("compress me "), 5000), []byte("little"))
	stream := e.call(o, e.ctx, "replies=2", nil, grpc.UseCompressor("gzip"))
	if stream == nil {
		return
	}
	e.talk(o, stream, messages, true)
	o.expectStatus("OK")
	o.expectMessages(e.expected(messages, 2))
	o.expectTrailer("t-encoding", "gzip")
	o.check(o.Encoding == "gzip", "the reply's encoding is %s", o.Encoding)
}

func errorBefore(e *env, o *outcome) {
	stream := e.call(o, e.ctx, "fail=0", nil)
	if stream == nil {
		return
	}
	e.talk(o, stream, e.requests([]byte("one")), e.kind == unary || e.kind == srv)
	o.expectFailure()
	o.expectMessages(newSum())
}

func errorMidstream(e *env, o *outcome) {
	messages := e.requests([]byte("one"), []byte("two"))
	stream := e.call(o, e.ctx, "replies=9,fail=2", nil)
	if stream == nil {
		return
	}
	e.talk(o, stream, messages, e.kind == srv)
	o.expectFailure()
	if e.kind == client {
		o.expectMessages(newSum())
	} else {
		o.expectMessages(e.expected(messages, 2))
	}
}

// cancelled: the server learns of it.
func cancelled(e *env, o *outcome) {
	// Without a deadline, which the server must not see either.
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.ctx))
	defer cancel()
	defer context.AfterFunc(e.ctx, cancel)()
	stream := e.waiting(o, ctx)
	if stream == nil {
		return
	}
	at := time.Now()
	cancel()
	o.end(e.receive(stream, newSum()), false)
	o.expectStatus("Canceled")
	if seenAt, had := e.seen(o); !seenAt.IsZero() {
		o.check(!had, "the server knew a deadline")
		o.Volatile["cancelMicros"] = seenAt.Sub(at).Microseconds()
	}
}

// deadline: the server knows it, and learns that it has passed.
func deadline(e *env, o *outcome) {
	// On a slow machine the first may pass before the call is at the server.
	for _, limit := range []time.Duration{1500 * time.Millisecond, 15 * time.Second} {
		ctx, cancel := context.WithTimeout(e.ctx, limit)
		defer cancel()
		o.Failed = nil
		e.id += "+"
		stream := e.waiting(o, ctx)
		if stream == nil {
			continue
		}
		o.end(e.receive(stream, newSum()), false)
		o.expectStatus("DeadlineExceeded")
		_, had := e.seen(o)
		o.check(had, "the server knew no deadline")
		return
	}
}

// waiting opens a call for whose end the server waits, and returns when the server does.
func (e *env) waiting(o *outcome, ctx context.Context) grpc.ClientStream {
	stream := e.call(o, ctx, "wait="+e.id, nil)
	if stream == nil {
		return nil
	}
	o.check(send(stream, e.requests([]byte("one")), e.kind == unary || e.kind == srv) == nil, "cannot send")
	if _, err := stream.Header(); err != nil {
		o.check(false, "no header: %v", err)
		return nil
	}
	return stream
}

// seen waits until the server has seen the end of the waiting call, and returns when it did and
// whether the call had a deadline.
func (e *env) seen(o *outcome) (at time.Time, deadline bool) {
	text, err := e.control("Seen")
	var micros int64
	if err == nil {
		_, err = fmt.Sscanf(text, "%d %t", &micros, &deadline)
	}
	if err != nil {
		o.check(false, "the server has not seen the end: %v", err)
		return time.Time{}, false
	}
	o.Seen = fmt.Sprintf("deadline %t", deadline)
	return time.UnixMicro(micros), deadline
}

func unknown(method string) func(e *env, o *outcome) {
	return func(e *env, o *outcome) {
		stream, err := e.openMethod(e.ctx, method, "", nil)
		if err != nil {
			o.check(false, "cannot open: %v", err)
			return
		}
		e.talk(o, stream, e.requests([]byte("one")), true)
		o.expectStatus("Unimplemented")
	}
}

// dead: nobody listens.
func dead(e *env, o *outcome) {
	stream, err := e.open(e.ctx, "", nil)
	if err == nil {
		_ = send(stream, e.requests([]byte("one")), true)
		err = e.receive(stream, newSum())
	}
	o.end(err, false)
	o.expectStatus("Unavailable")
}

// dying: the server's process ends under calls of all kinds.
func dying(e *env, o *outcome) {
	var streams []grpc.ClientStream
	for _, kind := range []string{unary, client, srv, bidi} {
		of := &env{conn: e.conn, ctx: e.ctx, kind: kind, id: e.id + kind}
		stream := of.waiting(o, e.ctx)
		if stream == nil {
			return
		}
		streams = append(streams, stream)
	}
	_, err := e.control("Die")
	ends := []string{status.Code(err).String()}
	for _, stream := range streams {
		var m []byte
		err := stream.RecvMsg(&m)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		ends = append(ends, status.Code(err).String())
		o.Volatile["message"] = status.Convert(err).Message()
	}
	o.Status = strings.Join(ends, " ")
	o.expectStatus("Unavailable Unavailable Unavailable Unavailable Unavailable")
}
