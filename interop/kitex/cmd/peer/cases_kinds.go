package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/codes"
	googlestatus "google.golang.org/grpc/status"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

// manyMessages is how many go one way, in order.
const manyMessages = 10_000

func kindCases() []kindCase {
	unary := onFamily(grpc, kitexPB, stream)
	var list []kindCase
	add := func(name string, kinds []kind, on func(*wireTransport) bool, run func(t *talk)) {
		for _, k := range kinds {
			list = append(list, kindCase{kind: k, at: lasting, testCase: testCase{
				name: name + " " + string(k),
				on:   func(t *wireTransport) bool { return on(t) && (k == kindUnary || t.family != kitexPB) },
				run:  func(e *env, o *outcome) { run(&talk{env: e, outcome: o, kind: k}) },
			}})
		}
	}
	// Ping-pong calls carry neither of these: unary calls of ttstream's clients are such calls.
	http2 := onFamily(grpc)
	cancels := func(k kind) func(*wireTransport) bool {
		if k == kindUnary {
			return http2
		}
		return unary
	}
	add("echo", allKinds, unary, kindEcho)
	add("empty", allKinds, unary, kindEmpty)
	add("1-mib", allKinds, unary, kindLarge)
	add("10000-in-order", streamKinds, unary, kindMany)
	add("early-end", streamKinds, unary, kindEarlyEnd)
	add("half-close", streamKinds, unary, kindHalfClose)
	for _, k := range allKinds {
		add("cancel", []kind{k}, cancels(k), kindCancel)
	}
	add("deadline", allKinds, unary, kindDeadline)
	add("error-before", allKinds, unary, kindError(0))
	add("error-midstream", streamKinds, unary, kindError(3))
	add("biz-status-before", allKinds, unary, kindBiz(0))
	add("biz-status-midstream", streamKinds, unary, kindBiz(3))
	add("header-first", streamKinds, unary, kindHeaderFirst)
	add("trailers", allKinds, unary, kindTrailers)
	add("metadata", allKinds, unary, kindMetadata)
	add("caller-name", allKinds, func(t *wireTransport) bool { return t.family != stream }, kindCaller)
	add("caller-name", []kind{kindUnary}, onFamily(stream), kindCaller)
	add("gzip", allKinds, http2, kindGzip)
	add("unknown-method", allKinds, unary, kindUnknown(false))
	add("unknown-service", allKinds, unary, kindUnknown(true))
	from := len(list)
	add("dead", allKinds, unary, kindDead)
	for i := range list[from:] {
		list[from+i].at = gone
	}
	return append(list, kindCase{at: mortal, testCase: testCase{name: "dying all", on: unary, run: kindDying}})
}

// talk is one run of a case with one kind of call.
type talk struct {
	*env
	*outcome
	kind kind
}

// open opens a stream; what it sends first goes with it where there is only one request.
func (t *talk) open(ctx context.Context, first *interop.Msg) (clientStream, error) {
	switch t.kind {
	case kindClient:
		return t.streams.Sum(ctx)
	case kindServer:
		return t.streams.Count(ctx, first)
	default:
		return t.streams.Chat(ctx)
	}
}

// unaryCall has the deadline of its context as an option too, as ping-pong looks at that only.
func (t *talk) unaryCall(ctx context.Context, m *interop.Msg) (*interop.Msg, error) {
	var options []callopt.Option
	if deadline, found := ctx.Deadline(); found {
		options = append(options, callopt.WithRPCTimeout(time.Until(deadline)))
	}
	return t.streams.Unary(ctx, m, options...)
}

// exchange sends the messages, half-closes if asked to, and reads to the end at the same time; what is
// read is given to each. It keeps the metadata and returns why the call ended, nil if all went well.
func (t *talk) exchange(parent context.Context, messages []*interop.Msg, halfClose bool, each func(i int, m *interop.Msg)) error {
	ctx, cancel := context.WithTimeout(parent, t.timeout)
	defer cancel()
	if t.kind == kindUnary {
		u := newUnaryContext(metainfo.WithBackwardValues(ctx))
		reply, err := t.unaryCall(u.Context, messages[0])
		t.keepUnary(t.env, u)
		if err == nil {
			each(0, reply)
		}
		return err
	}
	st, err := t.open(ctx, messages[0])
	if err != nil {
		return err
	}
	return t.finishExchange(ctx, st, messages, halfClose, each)
}

// finishExchange is exchange on a stream that is open.
func (t *talk) finishExchange(ctx context.Context, st clientStream, messages []*interop.Msg, halfClose bool, each func(i int, m *interop.Msg)) error {
	sent := make(chan error, 1)
	go func() { sent <- t.send(ctx, st, messages, halfClose) }()
	for i := 0; ; i++ {
		m, err := st.Recv(ctx)
		if err != nil || !t.kind.receivesMany() {
			t.keepMetadata(st)
			sending := <-sent
			if errors.Is(err, io.EOF) {
				err = nil
			}
			if err == nil {
				if m != nil {
					each(i, m)
				}
				// A stream that has ended well may have done so before all was sent.
				if halfClose {
					return sending
				}
			}
			return err
		}
		each(i, m)
	}
}

func (t *talk) send(ctx context.Context, st clientStream, messages []*interop.Msg, halfClose bool) error {
	if t.kind == kindServer {
		return nil // Count has sent the only request, and half-closed.
	}
	for _, m := range messages {
		if err := st.Send(ctx, m); err != nil {
			return err
		}
	}
	if halfClose {
		return st.CloseSend(ctx)
	}
	return nil
}

// lean drops what depends on the transport: all headers and trailers but those of the cases. Binary ones
// it makes hexadecimal digits.
func (t *talk) lean() {
	for _, md := range []map[string]string{t.Headers, t.Trailers, t.Backward} {
		for key, value := range md {
			switch key {
			case headerKey, trailerKey, backwardKey:
			case binaryHeader:
				digits, hexadecimal := strings.CutPrefix(value, "hex:")
				if !hexadecimal {
					digits = fmt.Sprintf("%x", value)
				}
				md[key] = digits
			default:
				delete(md, key)
			}
		}
	}
}

// refused stores the error of a call. A server's own words around a handler's text depend on the protocol.
func (t *talk) refused(err error) {
	t.fault(err)
	if t.Error == nil {
		return
	}
	if s, google := googlestatus.FromError(err); google && t.transport.google {
		code := int64(s.Code())
		t.Error = &errorLine{Type: &code, RemoteText: s.Message()}
		for _, detail := range s.Proto().GetDetails() {
			t.Error.Details = append(t.Error.Details, fmt.Sprintf("%s %x", detail.GetTypeUrl(), detail.GetValue()))
		}
	}
	t.note("errorText", t.Error.Text)
	text := strings.TrimPrefix(t.Error.RemoteText, bizPrefix)
	t.Error.RemoteText = strings.TrimSuffix(text, bizSuffix)
	t.Error.Text, t.Error.Class = "", ""
}

// replies counts and checks what comes back.
type replies struct {
	t        *talk
	sent     []*interop.Msg
	count    int
	bytes    int
	expected int
}

func (t *talk) replies(sent []*interop.Msg, expected int) *replies {
	return &replies{t: t, sent: sent, expected: expected}
}

func (r *replies) note(i int, m *interop.Msg) {
	r.count++
	r.bytes += len(m.Body)
	switch r.t.kind {
	case kindClient:
		size := 0
		for _, one := range r.sent {
			size += len(one.Body)
		}
		want := fmt.Sprintf("messages=%d bytes=%d inOrder=true", len(r.sent), size)
		r.t.check(m.Text == want, "the server got %q instead of %q", m.Text, want)
	case kindServer:
		r.t.check(m.Seq == int64(i), "message %d came as %d", m.Seq, i)
	default:
		if i < len(r.sent) {
			r.t.checkEcho(r.sent[i], m)
		}
	}
}

func (r *replies) done() {
	r.t.lean()
	r.t.check(r.count == r.expected, "%d messages came instead of %d", r.count, r.expected)
	r.t.Result = map[string]int{"messages": r.count, "bytes": r.bytes}
}

// requests are so many as the kind allows; the first carries the plan.
func (t *talk) requests(count int, plan *interop.Plan, body func(i int) []byte) []*interop.Msg {
	if !t.kind.sendsMany() {
		count = 1
	}
	messages := make([]*interop.Msg, count)
	for i := range messages {
		messages[i] = &interop.Msg{Seq: int64(i), Text: fmt.Sprintf("message %d é", i), Body: body(i)}
	}
	messages[0].Plan = plan
	return messages
}

func short(i int) []byte { return fillBody(uint64(i), 20) }

// answers is how many replies come of so many requests, if Count is asked for so many.
func (t *talk) answers(requests []*interop.Msg, count int) int {
	switch t.kind {
	case kindServer:
		return count
	case kindBidi:
		return len(requests)
	default:
		return 1
	}
}

func (t *talk) exchangeAll(ctx context.Context, count int, plan *interop.Plan, body func(i int) []byte) {
	requests := t.requests(count, plan, body)
	got := t.replies(requests, t.answers(requests, count))
	t.succeed(t.exchange(ctx, requests, true, got.note))
	got.done()
}

func kindEcho(t *talk) {
	t.exchangeAll(context.Background(), 3, &interop.Plan{Count: 3, BodySize: 20}, short)
}

// kindEmpty has messages without anything in them: in Protobuf 0 bytes.
func kindEmpty(t *talk) {
	count := 1
	if t.kind == kindBidi {
		count = 2
	}
	requests := []*interop.Msg{{}, {}}[:count]
	if t.kind == kindServer {
		requests[0].Plan = &interop.Plan{Count: 1}
	}
	got := t.replies(requests, count)
	t.succeed(t.exchange(context.Background(), requests, true, got.note))
	got.done()
	if t.kind == kindServer {
		// A request of 0 bytes asks for nothing.
		none := t.replies(nil, 0)
		t.succeed(t.exchange(context.Background(), []*interop.Msg{{}}, true, none.note))
		none.done()
	}
}

func kindLarge(t *talk) {
	const size = 1 << 20
	t.exchangeAll(context.Background(), 3, &interop.Plan{Count: 3, BodySize: size}, func(i int) []byte { return fillBody(uint64(i), size) })
}

func kindMany(t *talk) {
	t.exchangeAll(context.Background(), manyMessages, &interop.Plan{Count: manyMessages, BodySize: 16}, func(i int) []byte { return fillBody(uint64(i), 16) })
}

// kindEarlyEnd: the server ends the stream with success while the caller could go on.
func kindEarlyEnd(t *talk) {
	const before = 2
	requests := t.requests(before, &interop.Plan{Count: 9, FailKind: endEarly, FailAfter: before}, short)
	got := t.replies(requests, t.answers(requests, before))
	t.succeed(t.exchange(context.Background(), requests, false, got.note))
	got.done()
}

// kindHalfClose: the server goes on after it.
func kindHalfClose(t *talk) {
	const after = 5
	requests := t.requests(3, &interop.Plan{Count: after, AfterHalfClose: after}, short)
	expected := t.answers(requests, after)
	if t.kind == kindBidi {
		expected += after
	}
	got := t.replies(requests, expected)
	t.succeed(t.exchange(context.Background(), requests, true, got.note))
	got.done()
}

// wait opens a call for whose end the server waits, and returns the error that ends it for the caller
// once the server has the call, and begins to wait for that.
func (t *talk) wait(ctx context.Context, key string) (<-chan error, error) {
	ended := make(chan error, 1)
	plan := &interop.Plan{Key: key, Count: 1 << 20, IntervalMs: 5}
	request := &interop.Msg{Plan: plan}
	if t.kind == kindUnary {
		plan.IntervalMs = int32(t.timeout.Milliseconds())
		go func() {
			_, err := t.unaryCall(ctx, request)
			ended <- err
		}()
	} else {
		// A HEADER that comes after the stream's cancel has Kitex's ttstream client close the connection.
		st, err := t.open(metainfo.WithPersistentValue(ctx, earlyHeadersKey, earlyHeadersOnly), request)
		if err != nil {
			return nil, err
		}
		if _, err := st.Header(); err != nil {
			return nil, err
		}
		if t.kind != kindServer {
			if err := st.Send(ctx, request); err != nil {
				return nil, err
			}
		}
		if t.kind != kindClient {
			if _, err := st.Recv(ctx); err != nil {
				return nil, err
			}
		}
		go func() { ended <- <-readUntilError(ctx, st) }()
	}
	return ended, t.started(ctx, key, ended)
}

// started waits until the server has the call.
func (t *talk) started(ctx context.Context, key string, ended chan error) error {
	for {
		report, err := t.streams.LastCancel(context.Background(), key, t.withTimeout())
		if err != nil || report.Started {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return fmt.Errorf("ended before the server had it: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// observed checks that the server learns of the end.
func (t *talk) observed(key string, at time.Time) {
	t.expectObserved(t.env, key, at, -1)
	t.Result = map[string]bool{"observed": t.outcomeOK()}
}

func (o *outcome) outcomeOK() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.OK
}

func kindCancel(t *talk) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	key := uniqueKey()
	ended, err := t.wait(ctx, key)
	if !t.succeed(err) {
		return
	}
	time.Sleep(20 * time.Millisecond) // the reader waits in Recv by then
	at := time.Now()
	cancel()
	t.check(<-ended != nil, "the call went on")
	t.observed(key, at)
}

// isDeadline tells whether a call ended for its deadline. The words are those of the side whose clock
// was first: a server that resets the stream is heard with the code of the deadline and its own words.
func isDeadline(text string) bool {
	for _, word := range []string{"deadline", "timeout", "code = 4 ", "code = DeadlineExceeded "} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// kindDeadline: the caller gives up at its deadline and the server learns of it, where the wire can say so.
func kindDeadline(t *talk) {
	// On a slow machine the first may pass before the server has the call.
	for _, limit := range []time.Duration{500 * time.Millisecond, 10 * time.Second} {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		at := time.Now().Add(limit)
		key := uniqueKey()
		ended, err := t.wait(ctx, key)
		if err != nil {
			t.note("tooSoon", err.Error())
			continue
		}
		err = <-ended
		text := fmt.Sprint(err)
		t.note("errorText", text)
		t.check(err != nil && isDeadline(text), "the end was %v", err)
		if t.kind == kindUnary && t.transport.family != grpc {
			return // Ping-pong tells a server its deadline, but not that it is over.
		}
		t.observed(key, at)
		return
	}
	t.check(false, "the server had the call within neither deadline")
}

// failing lets the handler fail that way after so many messages.
func (t *talk) failing(kind string, after int32) {
	count := int(after)
	if count == 0 {
		count = 1
	}
	plan := &interop.Plan{Count: 9, FailKind: kind, FailAfter: after, Headers: true}
	requests := t.requests(count, plan, short)
	if t.kind == kindBidi && after > 0 {
		requests = t.requests(count+1, plan, short)
	}
	received := 0
	err := t.exchange(context.Background(), requests, !t.kind.sendsMany(), func(int, *interop.Msg) { received++ })
	t.lean()
	want := 0
	if t.kind.receivesMany() {
		want = int(after)
	}
	if kind == failBiz && t.transport.family == stream {
		// Kitex's ttstream client forgets what nobody has read when a business status comes.
		t.note("received", received)
	} else {
		t.Result = map[string]int{"messages": received}
		t.check(received == want, "%d messages came instead of %d", received, want)
	}
	t.refused(err)
}

// kindError has a code of the handler's own, and details where a wire can carry them.
func kindError(after int32) func(t *talk) {
	return func(t *talk) {
		if t.transport.family == grpc {
			t.failing(failGRPCStatus, after)
			return
		}
		t.failing(failTyped, after)
	}
}

func kindBiz(after int32) func(t *talk) {
	return func(t *talk) {
		t.failing(failBiz, after)
		if t.Biz == nil {
			t.check(false, "there is no business status")
			return
		}
		whole := t.Biz.Code == bizCode && t.Biz.Message == bizMessage && equalMaps(t.Biz.Extra, bizExtra())
		t.check(whole, "the business status is %+v", t.Biz)
	}
}

// kindHeaderFirst: the headers come while the server holds back everything else.
func kindHeaderFirst(t *talk) {
	ctx, cancel := context.WithTimeout(context.Background(), t.timeout)
	defer cancel()
	key := uniqueKey()
	requests := t.requests(2, &interop.Plan{Count: 2}, short)
	early := metainfo.WithPersistentValue(ctx, earlyHeadersKey, key)
	st, err := t.open(early, requests[0])
	if !t.succeed(err) {
		return
	}
	headers, err := st.Header()
	if !t.succeed(err) {
		return
	}
	t.check(headers[headerKey] == headerValue, "headers are %v", headers)
	_, err = t.streams.LastCancel(ctx, releaseKey+key, t.withTimeout())
	t.succeed(err)
	got := t.replies(requests, t.answers(requests, 2))
	t.succeed(t.finishExchange(ctx, st, requests, true, got.note))
	got.done()
}

func kindTrailers(t *talk) {
	requests := t.requests(2, &interop.Plan{Count: 2, Headers: true}, short)
	got := t.replies(requests, t.answers(requests, 2))
	t.succeed(t.exchange(context.Background(), requests, true, got.note))
	got.done()
	if t.kind == kindUnary {
		carried := t.Trailers[trailerKey] == trailerValue || t.Backward[backwardKey] == backwardValue || t.Headers[backwardKey] == backwardValue || t.Backward[trailerKey] == trailerValue
		t.check(carried, "headers are %v, trailers %v, backward values %v", t.Headers, t.Trailers, t.Backward)
		return
	}
	t.checkMetadata()
}

// kindMetadata has all of it in both directions, binary values too.
func kindMetadata(t *talk) {
	ctx := withMetainfo(context.Background(), persistentValues(t.transport), transientValues(t.transport))
	ctx = t.requestHeaders(metainfo.WithPersistentValue(ctx, binaryHeadersKey, "yes"))
	requests := t.requests(1, &interop.Plan{Count: 1, Inspect: true, Headers: true}, short)
	var seen *interop.Seen
	t.succeed(t.exchange(ctx, requests, true, func(_ int, m *interop.Msg) { seen = m.Seen }))
	t.lean()
	if seen == nil {
		t.check(false, "the server did not say what it saw")
		return
	}
	t.Seen = &seenLine{Persistent: upper(seen.Persistent), Transient: upper(seen.Transient), Headers: map[string]string{}}
	for _, key := range []string{headerKey, "interop-twice", binaryHeader} {
		if value, found := seen.Headers[key]; found {
			t.Seen.Headers[key] = value
		}
	}
	for key, value := range upper(persistentValues(t.transport)) {
		t.check(t.Seen.Persistent[key] == value, "persistent values are %v", t.Seen.Persistent)
	}
	for key, value := range upper(transientValues(t.transport)) {
		t.check(t.Seen.Transient[key] == value, "transient values are %v", t.Seen.Transient)
	}
}

// upper has the keys as gRPC leaves them, which knows no case and no underscores.
func upper(values map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range values {
		out[strings.ToUpper(strings.ReplaceAll(key, "-", "_"))] = value
	}
	return out
}

func kindCaller(t *talk) {
	requests := t.requests(1, &interop.Plan{Count: 1, Inspect: true}, short)
	var seen *interop.Seen
	t.succeed(t.exchange(context.Background(), requests, true, func(_ int, m *interop.Msg) { seen = m.Seen }))
	t.Headers, t.Trailers, t.Backward = nil, nil, nil
	if seen == nil {
		t.check(false, "the server did not say what it saw")
		return
	}
	t.Seen = &seenLine{CallerService: seen.CallerService, CallerMethod: seen.CallerMethod}
	t.check(seen.CallerService == callerName && seen.CallerMethod == callerMethod, "the caller is %q, %q", seen.CallerService, seen.CallerMethod)
}

// kindGzip counts the bytes on the caller's connection.
func kindGzip(t *talk) {
	relay, err := newRelay(t.addr)
	if !t.succeed(err) {
		return
	}
	defer relay.close()
	c, err := connectStreams(t.transport, relay.listener.Addr().String(), manner{connections: 1})
	if !t.succeed(err) {
		return
	}
	over := *t.env
	over.streams = c
	by := &talk{env: &over, outcome: t.outcome, kind: t.kind}
	body := bytes.Repeat([]byte("compressible "), 3000)
	by.exchangeAll(withGzip(context.Background()), 2, &interop.Plan{Count: 2, BodySize: int32(len(body))}, func(int) []byte { return body })
	request, reply := relay.captured()
	t.check(len(request) < len(body)/2, "the requests took %d bytes", len(request))
	t.check(len(reply) < len(body)/2, "the replies took %d bytes", len(reply))
}

// kindUnknown calls what there is not. On ttstream a Kitex server stays silent, so that only the deadline
// ends the call; a gateway may answer instead.
func kindUnknown(service bool) func(t *talk) {
	return func(t *talk) {
		limit := t.timeout
		if t.transport.family == stream && t.kind != kindUnary {
			limit = 1500 * time.Millisecond
		}
		if t.unknownLimit > 0 {
			limit = t.unknownLimit
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		name := streamDestination
		if t.transport.protobuf {
			name = pbDestination
		}
		if service {
			name = absentService
		}
		err := t.callUnknown(ctx, name)
		silent := err != nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, kerrors.ErrRPCTimeout) || strings.Contains(err.Error(), "timeout in ctx"))
		t.refused(err)
		silent = silent || t.transport.family == grpc && t.Error != nil && t.Error.Type != nil && *t.Error.Type == int64(codes.DeadlineExceeded)
		t.Result = map[string]bool{"answered": err != nil && !silent}
		if t.Error == nil {
			return
		}
		if silent {
			t.Error = nil
			return
		}
		t.note("remoteText", t.Error.RemoteText)
		t.Error.RemoteText = ""
	}
}

func (t *talk) callUnknown(ctx context.Context, name string) error {
	if c, google := t.streams.(*googleClient); google {
		if c.protobuf {
			name = pbPackage + "." + name
		}
		return c.unknown(ctx, name, t.kind)
	}
	g := generic.BinaryThriftGenericV2(name)
	message := emptyStruct
	if t.transport.protobuf {
		g = generic.BinaryPbGeneric(name, pbPackage)
		message = []byte{}
	}
	c, err := genericclient.NewClient(name, g, t.transport.options(t.addr, manner{connections: 1}, nil)...)
	if err != nil {
		return err
	}
	defer c.Close()
	switch t.kind {
	case kindUnary:
		_, err = c.GenericCall(ctx, absentMethod, message, t.withTimeout())
	case kindClient:
		var st genericclient.ClientStreamingClient
		if st, err = c.ClientStreaming(ctx, absentMethod); err == nil {
			_ = st.Send(ctx, message)
			_, err = st.CloseAndRecv(ctx)
		}
	case kindServer:
		var st genericclient.ServerStreamingClient
		if st, err = c.ServerStreaming(ctx, absentMethod, message); err == nil {
			_, err = st.Recv(ctx)
		}
	case kindBidi:
		var st genericclient.BidiStreamingClient
		if st, err = c.BidirectionalStreaming(ctx, absentMethod); err == nil {
			_ = st.Send(ctx, message)
			_, err = st.Recv(ctx)
		}
	}
	return err
}

// kindDead: nobody listens, and the call ends at once.
func kindDead(t *talk) {
	// After one failure, the connections that ttstream's streams share by default hang.
	c, err := connectStreams(t.transport, t.addr, manner{connections: 1, exclusive: true})
	if !t.succeed(err) {
		return
	}
	own := *t.env
	own.streams = c
	t.env = &own
	begin := time.Now()
	requests := t.requests(1, &interop.Plan{Count: 1}, short)
	err = t.exchange(context.Background(), requests, true, func(int, *interop.Msg) {})
	t.Headers, t.Trailers, t.Backward = nil, nil, nil
	t.unreachable(err)
	t.check(time.Since(begin) < t.timeout/2, "it took %v", time.Since(begin))
}

// unreachable notes that a call failed for want of a server; who says so, and how, depends on who dialled.
func (t *talk) unreachable(err error) {
	t.check(err != nil, "the call succeeded")
	if err != nil {
		t.note("errorText", err.Error())
		_, business := kerrors.FromBizStatusError(err)
		t.check(!business && !strings.Contains(err.Error(), "deadline"), "the call ended with %v", err)
		t.Result = "unreachable"
	}
}

// kindDying: the server's process ends under calls of all kinds, each of which ends at once.
func kindDying(e *env, o *outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout)
	defer cancel()
	var ends []<-chan error
	for _, k := range e.kinds {
		of := &talk{env: e, outcome: o, kind: k}
		ended, err := of.wait(ctx, uniqueKey())
		if !o.succeed(err) {
			return
		}
		ends = append(ends, ended)
	}
	begin := time.Now()
	t := &talk{env: e, outcome: o, kind: kindUnary}
	_, err := t.unaryCall(ctx, &interop.Msg{Plan: &interop.Plan{FailKind: failExit}})
	t.unreachable(err)
	var group sync.WaitGroup
	for _, ended := range ends {
		group.Go(func() { t.check(<-ended != nil, "a call went on") })
	}
	group.Wait()
	t.check(time.Since(begin) < t.timeout/2, "it took %v", time.Since(begin))
}
