package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	_ "github.com/cloudwego/kitex/pkg/remote/codec/protobuf/encoding/gzip" // registers the gzip compressor
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/codes"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

func streamCases() []testCase {
	unary := onFamily(grpc, kitexPB)
	streams := onFamily(grpc, stream)
	onlyGRPC := onFamily(grpc)
	messages := onFamily(kitexPB)
	return []testCase{
		{"unary", "one message each way", unary, caseUnary(0)},
		{"unary-empty", "message of 0 bytes each way", unary, caseUnaryEmpty},
		{"unary-1m", "one message of 1 MiB each way", unary, caseUnary(1 << 20)},
		{"unary-8m", "one message of 8 MiB each way", messages, caseUnary(8 << 20)},
		{"unary-gzip", "one message each way, compressed", onlyGRPC, caseUnaryGzip},
		{"unary-plain-error", "unary handler returns a plain error", unary, caseUnaryError(failPlain)},
		{"unary-typed-error", "unary handler returns an error with type 4711", unary, caseUnaryError(failTyped)},
		{"unary-grpc-status", "unary handler returns a gRPC status", onlyGRPC, caseUnaryError(failGRPCStatus)},
		{"unary-panic", "unary handler panics", unary, caseUnaryError(failPanic)},
		{"unary-biz-status", "unary handler returns a business status", unary, caseUnaryError(failBiz)},
		{"unary-biz-no-extra", "unary handler returns a business status without extra", unary, caseUnaryError(failBizNoExtra)},
		{"unary-biz-grpc-status", "unary handler returns a business status with its own gRPC status", onlyGRPC, caseUnaryError(failBizGRPC)},
		{"unary-metadata", "metainfo, headers, trailers or backward values of a unary call", unary, caseUnaryMetadata},
		{"unary-deadline-none", "call without a timeout: what the server sees", messages, caseUnaryDeadlineNone},
		{"unary-deadline-seen", "timeout of 800 ms: what the server sees", unary, caseUnaryDeadlineSeen},
		{"unary-deadline-exceeded", "handler slower than the timeout: class of the error", unary, caseUnaryDeadlineExceeded},
		{"ping-pong", "call of a method that is not streaming, over TTHeader", onFamily(stream), casePingPong},
		{"bidi-100", "100 messages each way in lock-step", streams, caseBidi},
		{"bidi-100-pipelined", "100 messages sent, half-close, then 100 read", streams, caseBidiPipelined},
		{"bidi-large", "8 messages of 1 MiB each way, sent while reading", streams, caseBidiLarge},
		{"bidi-empty", "half-close without a message", streams, caseBidiEmpty},
		{"client-stream", "100 messages, one reply", streams, caseClientStream},
		{"client-stream-error", "handler fails after 3 messages", streams, caseClientStreamError},
		{"server-stream", "one message, 100 replies", streams, caseServerStream(100, 64)},
		{"server-stream-10000", "one message, 10000 replies", streams, caseServerStream(10000, 16)},
		{"server-stream-error", "handler fails after 5 replies", streams, caseServerStreamError},
		{"server-error-before-message", "bidi handler fails before its first message", streams, caseStreamError(failPlain, 0)},
		{"server-error-midstream", "bidi handler fails after 3 messages", streams, caseStreamError(failPlain, 3)},
		{"server-error-typed", "bidi handler fails with type 4711", streams, caseStreamError(failTyped, 1)},
		{"server-error-panic", "bidi handler panics", streams, caseStreamError(failPanic, 1)},
		{"server-error-grpc-status", "bidi handler fails with a gRPC status", onlyGRPC, caseStreamError(failGRPCStatus, 1)},
		{"biz-status", "bidi handler ends with a business status before its first message", streams, caseStreamError(failBiz, 0)},
		{"biz-status-midstream", "bidi handler ends with a business status after 3 messages", streams, caseStreamError(failBiz, 3)},
		{"biz-status-no-extra", "bidi handler ends with a business status without extra", streams, caseStreamError(failBizNoExtra, 1)},
		{"biz-grpc-status", "business status with its own gRPC status", onlyGRPC, caseStreamError(failBizGRPC, 1)},
		{"cancel", "client cancels while both sides read; what the server observed", streams, caseCancel},
		{"cancel-server-stream", "client cancels while the server sends; what the server observed", streams, caseCancelServerStream},
		{"client-deadline", "deadline of the stream passes; what the server observed", streams, caseClientDeadline},
		{"connection-lost", "the client's connection breaks mid-stream; what the server observed", streams, caseConnectionLost},
		{"half-close", "server goes on sending after the client's half-close", streams, caseHalfClose},
		{"early-headers", "response headers arrive before any message is sent", streams, caseEarlyHeaders},
		{"metadata", "metainfo, request headers, response headers and trailers", streams, caseMetadata},
		{"deadline-none", "stream without a deadline: what the server sees", streams, caseStreamDeadlineNone},
		{"deadline-seen", "deadline of 800 ms: what the server sees", streams, caseStreamDeadlineSeen},
		{"unknown-method", "method that the service does not have", onFamily(grpc, stream, kitexPB), caseUnknownStream(false)},
		{"unknown-service", "service that the server does not have", onFamily(grpc, stream, kitexPB), caseUnknownStream(true)},
		{"concurrent-streams", "64 streams at once with 20 messages each, every body its own", streams, caseConcurrentStreams},
		{"concurrent-unary", "64 workers with 50 unary calls each, every body its own", unary, caseConcurrentUnary},
	}
}

// streamContext limits a stream by the timeout of a call; gRPC carries it as grpc-timeout.
func (e *env) streamContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), e.timeout)
}

func exchange(ctx context.Context, st clientStream, m *interop.Msg) (*interop.Msg, error) {
	if err := st.Send(ctx, m); err != nil {
		return nil, err
	}
	return st.Recv(ctx)
}

// keepMetadata stores headers and trailers of a stream that has ended.
func (o *outcome) keepMetadata(st clientStream) {
	if headers, err := st.Header(); err == nil {
		o.Headers = headers
	} else {
		o.note("headerError", err.Error())
	}
	if trailers, err := st.Trailer(); err == nil {
		o.Trailers = map[string]string{}
		for key, value := range trailers {
			o.Trailers[key] = canonical(key, value)
		}
	} else {
		o.note("trailerError", err.Error())
	}
}

// checkMetadata expects the headers and trailers of a handler whose plan asks for them.
func (o *outcome) checkMetadata() {
	o.check(o.Headers[headerKey] == headerValue, "response headers are %v", o.Headers)
	o.check(o.Trailers[trailerKey] == trailerValue, "trailers are %v", o.Trailers)
}

// finish expects the end of the stream without an error.
func (o *outcome) finish(ctx context.Context, st clientStream) {
	m, err := st.Recv(ctx)
	if err == nil {
		o.check(false, "message %d after the last one", m.Seq)
	} else if !errors.Is(err, io.EOF) {
		o.succeed(err)
	}
	o.keepMetadata(st)
}

func numbered(i int) *interop.Msg {
	return &interop.Msg{Seq: int64(i), Text: fmt.Sprintf("message %d é", i), Body: fillBody(uint64(i), i%300)}
}

func (o *outcome) checkEcho(sent, received *interop.Msg) {
	equal := received.Seq == sent.Seq && received.Text == sent.Text && bytes.Equal(received.Body, sent.Body)
	o.check(equal, "message %d came back as %d or with another content", sent.Seq, received.Seq)
}

// unaryContext gathers backward values, or headers and trailers on gRPC.
type unaryContext struct {
	context.Context
	headers, trailers metadata.MD
}

func newUnaryContext(parent context.Context) *unaryContext {
	u := &unaryContext{}
	u.Context = nphttp2.GRPCTrailer(nphttp2.GRPCHeader(parent, &u.headers), &u.trailers)
	return u
}

func (o *outcome) keepUnary(e *env, u *unaryContext) {
	if e.transport.family == grpc {
		o.Headers = joinHeaders(u.headers)
		o.Trailers = joinHeaders(u.trailers)
		return
	}
	o.keepBackward(u.Context)
}

func joinHeaders(md metadata.MD) map[string]string {
	joined := map[string]string{}
	for key, values := range md {
		joined[key] = joinHeader(key, values)
	}
	return joined
}

func caseUnary(size int) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		sent := numbered(7)
		if size > 0 {
			sent.Body = fillBody(7, size)
		}
		u := newUnaryContext(callContext())
		reply, err := e.streams.Unary(u.Context, sent, e.withTimeout())
		o.keepUnary(e, u)
		if o.succeed(err) {
			o.checkEcho(sent, reply)
			o.Result = map[string]any{"seq": reply.Seq, "text": reply.Text, "body": digest(reply.Body)}
		}
	}
}

func caseUnaryEmpty(e *env, o *outcome) {
	u := newUnaryContext(callContext())
	reply, err := e.streams.Unary(u.Context, &interop.Msg{}, e.withTimeout())
	o.keepUnary(e, u)
	if o.succeed(err) {
		o.checkEcho(&interop.Msg{}, reply)
		o.Result = "empty"
	}
}

func casePingPong(e *env, o *outcome) {
	ctx := callContext()
	sent := numbered(9)
	reply, err := e.streams.Unary(ctx, sent, e.withTimeout())
	o.keepBackward(ctx)
	if o.succeed(err) {
		o.checkEcho(sent, reply)
		o.Result = map[string]any{"seq": reply.Seq, "text": reply.Text}
	}
}

func caseUnaryGzip(e *env, o *outcome) {
	sent := numbered(8)
	sent.Body = bytes.Repeat([]byte("compressible "), 5000)
	u := newUnaryContext(callContext())
	reply, err := e.streams.Unary(u.Context, sent, e.withTimeout(), callopt.WithGRPCCompressor("gzip"))
	o.keepUnary(e, u)
	if o.succeed(err) {
		o.checkEcho(sent, reply)
		o.Result = map[string]any{"seq": reply.Seq, "text": reply.Text, "body": digest(reply.Body)}
	}
}

func caseUnaryError(kind string) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		u := newUnaryContext(callContext())
		plan := &interop.Plan{FailKind: kind, Headers: true}
		_, err := e.streams.Unary(u.Context, &interop.Msg{Text: "fail", Plan: plan}, e.withTimeout())
		o.keepUnary(e, u)
		o.expectFailure(e.transport, kind, err)
	}
}

// expectFailure checks the error that a handler's failure of that kind becomes on the transport.
func (o *outcome) expectFailure(t *wireTransport, kind string, err error) {
	onGRPC := t.family == grpc
	pick := func(onHTTP2, elsewhere int64) int64 {
		switch {
		case onGRPC:
			return onHTTP2
		case t.family == stream:
			return 12001 // ttstream clients drop the type that the trailer carries
		default:
			return elsewhere
		}
	}
	switch kind {
	case failPlain:
		text := bizPrefix + plainText
		if onGRPC {
			text = plainText + bizSuffix
		}
		o.expectError(err, pick(int64(codes.Internal), internalErrorType), text)
	case failTyped:
		text := typedText + bizSuffix
		if t.family == stream {
			text = bizPrefix + typedText
		}
		o.expectError(err, pick(typedErrorID, typedErrorID), text)
	case failGRPCStatus:
		o.expectError(err, pick(int64(codes.NotFound), internalErrorType), grpcStatusText+bizSuffix)
		o.check(o.Error != nil && len(o.Error.Details) == 1 && strings.HasSuffix(o.Error.Details[0], hex.EncodeToString([]byte(grpcDetail))), "details of the status are wrong")
	case failPanic:
		o.expectErrorLike(err, pick(int64(codes.Internal), internalErrorType), panicText)
	case failBiz:
		o.expectBiz(err, bizCode, bizMessage, bizExtra())
	case failBizNoExtra:
		o.expectBiz(err, bizCodeNoExtra, bizNoExtraText, nil)
	case failBizGRPC:
		o.expectBiz(err, bizCodeGRPC, bizGRPCText, bizExtra())
		if onGRPC && err != nil {
			carried := grpcStatus(err)
			o.check(carried != nil && carried.Code() == codes.FailedPrecondition, "gRPC status of the business status: %v", carried)
		}
	}
}

// requestHeaders are user headers that only gRPC can carry.
func (e *env) requestHeaders(ctx context.Context) context.Context {
	if e.transport.family != grpc {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, headerKey, headerValue, "interop-twice", "one", "interop-twice", "two", binaryHeader, binaryContents)
}

func (o *outcome) checkSeen(e *env, seen *interop.Seen) {
	o.check(maps.Equal(seen.Persistent, persistentValues(e.transport)), "persistent values are %v", seen.Persistent)
	o.check(maps.Equal(seen.Transient, transientValues(e.transport)), "transient values are %v", seen.Transient)
	if e.transport.family != stream {
		o.check(seen.CallerService == callerName, "caller service is %q", seen.CallerService)
		o.check(seen.CallerMethod == callerMethod, "caller method is %q", seen.CallerMethod)
	}
	if e.transport.family == grpc {
		o.check(seen.Headers[headerKey] == headerValue, "request headers are %v", seen.Headers)
		o.check(seen.Headers["interop-twice"] == "one\ntwo", "repeated request header is %q", seen.Headers["interop-twice"])
		o.check(strings.HasPrefix(seen.Headers[binaryHeader], "hex:0001feff"), "binary request header is %q", seen.Headers[binaryHeader])
	}
}

func caseUnaryMetadata(e *env, o *outcome) {
	ctx := withMetainfo(callContext(), persistentValues(e.transport), transientValues(e.transport))
	u := newUnaryContext(e.requestHeaders(ctx))
	plan := &interop.Plan{Inspect: true, Headers: true}
	reply, err := e.streams.Unary(u.Context, &interop.Msg{Text: "metadata", Plan: plan}, e.withTimeout())
	o.keepUnary(e, u)
	if !o.succeed(err) {
		return
	}
	o.saw(reply.Seen)
	if reply.Seen != nil {
		o.checkSeen(e, reply.Seen)
	}
	if e.transport.family == grpc {
		o.check(o.Headers[headerKey] == headerValue, "response headers are %v", o.Headers)
		o.check(o.Trailers[trailerKey] == trailerValue, "trailers are %v", o.Trailers)
		o.check(o.Trailers[binaryHeader] == o.Headers[binaryHeader] && o.Headers[binaryHeader] != "", "binary header or trailer is wrong")
	} else {
		o.check(o.Backward[backwardKey] == backwardValue, "backward values are %v", o.Backward)
	}
}

func caseUnaryDeadlineSeen(e *env, o *outcome) {
	plan := &interop.Plan{Inspect: true}
	reply, err := e.streams.Unary(callContext(), &interop.Msg{Plan: plan}, callopt.WithRPCTimeout(800*time.Millisecond))
	if o.succeed(err) {
		o.checkDeadlineSeen(reply.Seen, true)
	}
}

func (o *outcome) checkDeadlineSeen(seen *interop.Seen, carried bool) {
	o.saw(seen)
	if seen == nil {
		return
	}
	deadline := bucket(seen.HasDeadline, seen.DeadlineRemainingMs, 800)
	o.Result = map[string]string{"deadline": deadline}
	if carried {
		o.check(deadline == "true", "the server saw a deadline in %d ms", seen.DeadlineRemainingMs)
	} else {
		o.check(deadline == "none", "the server saw a deadline in %d ms", seen.DeadlineRemainingMs)
	}
}

func caseUnaryDeadlineNone(e *env, o *outcome) {
	plan := &interop.Plan{Inspect: true}
	reply, err := e.streams.Unary(callContext(), &interop.Msg{Plan: plan})
	if o.succeed(err) {
		o.checkDeadlineSeen(reply.Seen, false)
	}
}

func caseUnaryDeadlineExceeded(e *env, o *outcome) {
	begin := time.Now()
	plan := &interop.Plan{IntervalMs: 2000}
	_, err := e.streams.Unary(callContext(), &interop.Msg{Plan: plan}, callopt.WithRPCTimeout(300*time.Millisecond))
	o.expectTimeout(err, time.Since(begin))
}

func caseBidi(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	for i := 0; i < 100; i++ {
		sent := numbered(i)
		received, err := exchange(ctx, st, sent)
		if !o.succeed(err) {
			return
		}
		o.checkEcho(sent, received)
	}
	o.succeed(st.CloseSend(ctx))
	o.finish(ctx, st)
	o.Result = map[string]int{"sent": 100, "received": 100}
}

func caseBidiPipelined(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	for i := 0; i < 100; i++ {
		if !o.succeed(st.Send(ctx, numbered(i))) {
			return
		}
	}
	o.succeed(st.CloseSend(ctx))
	for i := 0; i < 100; i++ {
		received, err := st.Recv(ctx)
		if !o.succeed(err) {
			return
		}
		o.checkEcho(numbered(i), received)
	}
	o.finish(ctx, st)
	o.Result = map[string]int{"sent": 100, "received": 100}
}

func caseBidiLarge(e *env, o *outcome) {
	const count, size = 8, 1 << 20
	ctx, cancel := context.WithTimeout(context.Background(), 6*e.timeout)
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	large := func(i int) *interop.Msg {
		return &interop.Msg{Seq: int64(i), Body: fillBody(uint64(1000+i), size)}
	}
	sender := make(chan error, 1)
	go func() {
		for i := 0; i < count; i++ {
			if err := st.Send(ctx, large(i)); err != nil {
				sender <- err
				return
			}
		}
		sender <- st.CloseSend(ctx)
	}()
	for i := 0; i < count; i++ {
		received, err := st.Recv(ctx)
		if !o.succeed(err) {
			return
		}
		o.checkEcho(large(i), received)
	}
	o.succeed(<-sender)
	o.finish(ctx, st)
	o.Result = map[string]int{"messages": count, "size": size}
}

func caseBidiEmpty(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	o.succeed(st.CloseSend(ctx))
	o.finish(ctx, st)
	o.Result = map[string]int{"received": 0}
}

func caseClientStream(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Sum(ctx)
	if !o.succeed(err) {
		return
	}
	for i := 0; i < 100; i++ {
		if !o.succeed(st.Send(ctx, numbered(i))) {
			return
		}
	}
	o.succeed(st.CloseSend(ctx))
	reply, err := st.Recv(ctx)
	if !o.succeed(err) {
		return
	}
	o.keepMetadata(st)
	o.Result = map[string]any{"sum": reply.Seq, "text": reply.Text}
	o.check(reply.Seq == 4950, "sum is %d", reply.Seq)
}

func caseClientStreamError(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Sum(ctx)
	if !o.succeed(err) {
		return
	}
	plan := &interop.Plan{FailKind: failPlain, FailAfter: 3}
	for i := 0; i < 3; i++ {
		if !o.succeed(st.Send(ctx, &interop.Msg{Seq: int64(i), Plan: plan})) {
			return
		}
	}
	_, err = st.Recv(ctx)
	o.keepMetadata(st)
	o.expectFailure(e.transport, failPlain, err)
}

func caseServerStream(count, size int) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx, cancel := context.WithTimeout(context.Background(), 6*e.timeout)
		defer cancel()
		plan := &interop.Plan{Count: int32(count), BodySize: int32(size), Headers: true}
		st, err := e.streams.Count(ctx, &interop.Msg{Text: "count é", Plan: plan})
		if !o.succeed(err) {
			return
		}
		for i := 0; i < count; i++ {
			m, err := st.Recv(ctx)
			if !o.succeed(err) {
				return
			}
			o.check(m.Seq == int64(i) && m.Text == "count é" && len(m.Body) == size, "message %d came as %d", i, m.Seq)
		}
		o.finish(ctx, st)
		o.checkMetadata()
		o.Result = map[string]int{"received": count}
	}
}

func caseServerStreamError(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	plan := &interop.Plan{Count: 10, FailKind: failPlain, FailAfter: 5, Headers: true}
	st, err := e.streams.Count(ctx, &interop.Msg{Plan: plan})
	if !o.succeed(err) {
		return
	}
	received := 0
	for {
		if _, err = st.Recv(ctx); err != nil {
			break
		}
		received++
	}
	o.keepMetadata(st)
	o.Result = map[string]int{"received": received}
	o.check(received == 5, "received %d messages", received)
	o.checkMetadata()
	o.expectFailure(e.transport, failPlain, err)
}

// caseStreamError lets a bidi handler fail after so many replies.
func caseStreamError(kind string, after int) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx, cancel := e.streamContext()
		defer cancel()
		st, err := e.streams.Chat(ctx)
		if !o.succeed(err) {
			return
		}
		plan := &interop.Plan{FailKind: kind, FailAfter: int32(after), Headers: true}
		received := 0
		for {
			if _, err = exchange(ctx, st, &interop.Msg{Seq: int64(received), Plan: plan}); err != nil {
				break
			}
			received++
		}
		o.keepMetadata(st)
		o.Result = map[string]int{"received": received}
		o.check(received == after, "received %d messages", received)
		o.checkMetadata()
		o.expectFailure(e.transport, kind, err)
	}
}

// readUntilError reads in the background and passes on the error that ends the stream.
func readUntilError(ctx context.Context, st clientStream) <-chan error {
	ended := make(chan error, 1)
	go func() {
		for {
			if _, err := st.Recv(ctx); err != nil {
				ended <- err
				return
			}
		}
	}()
	return ended
}

func caseCancel(e *env, o *outcome) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	key := uniqueKey()
	if _, err := exchange(ctx, st, &interop.Msg{Plan: &interop.Plan{Key: key}}); !o.succeed(err) {
		return
	}
	ended := readUntilError(ctx, st)
	time.Sleep(100 * time.Millisecond) // the reader waits in Recv by then
	at := time.Now()
	cancel()
	o.fault(<-ended)
	o.expectObserved(e, key, at, 1)
}

func caseCancelServerStream(e *env, o *outcome) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	key := uniqueKey()
	plan := &interop.Plan{Key: key, Count: 100000, IntervalMs: 5}
	st, err := e.streams.Count(ctx, &interop.Msg{Plan: plan})
	if !o.succeed(err) {
		return
	}
	for i := 0; i < 3; i++ {
		if _, err := st.Recv(ctx); !o.succeed(err) {
			return
		}
	}
	ended := readUntilError(ctx, st)
	time.Sleep(50 * time.Millisecond)
	at := time.Now()
	cancel()
	o.fault(<-ended)
	o.expectObserved(e, key, at, -1)
}

func caseClientDeadline(e *env, o *outcome) {
	// On a slow machine the first may pass before the server has the stream.
	for _, limit := range []time.Duration{400 * time.Millisecond, 5 * time.Second} {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		at := time.Now().Add(limit)
		key := uniqueKey()
		st, err := e.streams.Chat(ctx)
		if err == nil {
			_, err = exchange(ctx, st, &interop.Msg{Plan: &interop.Plan{Key: key}})
		}
		if err != nil {
			o.note("tooSoon", err.Error())
			continue
		}
		_, err = st.Recv(ctx)
		// Both sides know the deadline on gRPC and the texts depend on who was first.
		if o.fault(err); o.Error != nil {
			o.note("text", o.Error.Text)
			o.Error.Text = ""
			o.Error.RemoteText = ""
		}
		o.expectObserved(e, key, at, 1)
		o.moveServerTexts()
		return
	}
	o.check(false, "the server had the stream within neither deadline")
}

// expectObserved asks the server until it has seen its stream end.
func (o *outcome) expectObserved(e *env, key string, at time.Time, received int64) {
	var report *interop.CancelReport
	for {
		var err error
		report, err = e.streams.LastCancel(context.Background(), key, e.withTimeout())
		if !o.succeed(err) {
			return
		}
		if report.Observed || time.Since(at) > 10*time.Second {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	latency := time.Since(at).Milliseconds() - report.AgeMs
	o.note("cancelLatencyMs", latency)
	o.note("serverReceived", report.Received)
	o.note("serverSent", report.Sent)
	result := map[string]any{"started": report.Started, "observed": report.Observed}
	if path := cancelPath.FindStringSubmatch(report.ErrorText); path != nil {
		o.note("serverCancelPath", path[1])
	}
	// A handler that sends learns of the end from its context or from Send, whichever comes first.
	if received >= 0 {
		result["received"] = report.Received
		result["serverError"] = printable(stable(report.ErrorText))
		result["serverContext"] = printable(stable(report.ContextText))
		o.check(report.Received == received, "the server received %d messages", report.Received)
	} else {
		o.note("serverError", report.ErrorText)
		o.note("serverContext", report.ContextText)
	}
	o.Result = result
	o.check(report.Observed, "the server did not observe the end of the stream")
}

// caseConnectionLost breaks the client's connection with a relay; the question to the server goes another way.
func caseConnectionLost(e *env, o *outcome) {
	relay, err := newRelay(e.addr)
	if !o.succeed(err) {
		return
	}
	defer relay.close()
	c, err := newStreamClient(e.transport, e.transport.options(relay.listener.Addr().String(), manner{connections: 1}, e.dialer))
	if !o.succeed(err) {
		return
	}
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := c.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	key := uniqueKey()
	if _, err := exchange(ctx, st, &interop.Msg{Plan: &interop.Plan{Key: key}}); !o.succeed(err) {
		return
	}
	ended := readUntilError(ctx, st)
	at := time.Now()
	relay.close()
	<-ended
	o.expectObserved(e, key, at, 1)
	o.moveServerTexts()
}

// moveServerTexts takes the server's texts out of the result where they differ from run to run.
func (o *outcome) moveServerTexts() {
	result, found := o.Result.(map[string]any)
	if !found {
		return
	}
	for _, key := range []string{"serverError", "serverContext"} {
		o.note(key, result[key])
		delete(result, key)
	}
}

func caseHalfClose(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return
	}
	plan := &interop.Plan{AfterHalfClose: 5}
	for i := 0; i < 3; i++ {
		sent := numbered(i)
		sent.Plan = plan
		received, err := exchange(ctx, st, sent)
		if !o.succeed(err) {
			return
		}
		o.checkEcho(sent, received)
	}
	o.succeed(st.CloseSend(ctx))
	for i := 0; i < 5; i++ {
		m, err := st.Recv(ctx)
		if !o.succeed(err) {
			return
		}
		o.check(m.Seq == int64(i) && m.Text == "after half close", "message %d is %q", m.Seq, m.Text)
	}
	o.finish(ctx, st)
	o.Result = map[string]int{"before": 3, "after": 5}
}

func caseEarlyHeaders(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	begin := time.Now()
	st, err := e.streams.Chat(withMetainfo(ctx, map[string]string{earlyHeadersKey: earlyHeadersOnly}, nil))
	if !o.succeed(err) {
		return
	}
	headers, err := st.Header()
	if !o.succeed(err) {
		return
	}
	o.note("headersAfterMs", time.Since(begin).Milliseconds())
	o.check(headers[headerKey] == headerValue, "headers are %v", headers)
	if _, err := exchange(ctx, st, numbered(1)); !o.succeed(err) {
		return
	}
	o.succeed(st.CloseSend(ctx))
	o.finish(ctx, st)
	o.Headers = headers
	o.Result = "headers before any message"
}

func caseMetadata(e *env, o *outcome) {
	ctx, cancel := e.streamContext()
	defer cancel()
	ctx = withMetainfo(ctx, persistentValues(e.transport), transientValues(e.transport))
	st, err := e.streams.Chat(e.requestHeaders(ctx))
	if !o.succeed(err) {
		return
	}
	reply, err := exchange(ctx, st, &interop.Msg{Plan: &interop.Plan{Inspect: true, Headers: true}})
	if !o.succeed(err) {
		return
	}
	o.succeed(st.CloseSend(ctx))
	o.finish(ctx, st)
	o.saw(reply.Seen)
	if reply.Seen != nil {
		o.checkSeen(e, reply.Seen)
	}
	o.checkMetadata()
}

// inspectStream opens a stream, asks what the server sees and ends it.
func (e *env) inspectStream(ctx context.Context, o *outcome) *interop.Seen {
	st, err := e.streams.Chat(ctx)
	if !o.succeed(err) {
		return nil
	}
	reply, err := exchange(ctx, st, &interop.Msg{Plan: &interop.Plan{Inspect: true}})
	if !o.succeed(err) {
		return nil
	}
	o.succeed(st.CloseSend(ctx))
	o.finish(ctx, st)
	return reply.Seen
}

func caseStreamDeadlineNone(e *env, o *outcome) {
	if seen := e.inspectStream(context.Background(), o); seen != nil {
		o.checkDeadlineSeen(seen, false)
	}
}

func caseStreamDeadlineSeen(e *env, o *outcome) {
	ctx, cancel := context.WithTimeout(context.Background(), 800*time.Millisecond)
	defer cancel()
	if seen := e.inspectStream(ctx, o); seen != nil {
		o.checkDeadlineSeen(seen, e.transport.family == grpc)
	}
}

// caseUnknownStream calls what does not exist. On ttstream a Kitex server stays silent, so that only
// the deadline of 1.5 s ends the call; a gateway may answer instead.
func caseUnknownStream(service bool) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		name := streamDestination
		if e.transport.protobuf {
			name = pbDestination
		}
		want := int64(unknownMethodType)
		if service {
			name = absentService
			want = unknownServiceType
		}
		g := generic.BinaryThriftGenericV2(name)
		message := emptyStruct
		if e.transport.protobuf {
			g = generic.BinaryPbGeneric(name, pbPackage)
			message = []byte{}
		}
		c, err := genericclient.NewClient(name, g, e.transport.options(e.addr, manner{connections: 1}, e.dialer)...)
		if !o.succeed(err) {
			return
		}
		defer c.Close()
		if e.transport.family == kitexPB {
			ctx := callContext()
			_, err := c.GenericCall(ctx, absentMethod, message, e.withTimeout())
			o.keepBackward(ctx)
			o.expectErrorLike(err, want, absentMethod)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		st, err := c.BidirectionalStreaming(ctx, absentMethod)
		if !o.succeed(err) {
			return
		}
		if err = st.Send(ctx, message); err == nil {
			_, err = st.Recv(ctx)
		}
		if e.transport.family == grpc {
			o.expectErrorLike(err, want, "")
			o.check(time.Since(begin) < time.Second, "the answer took %v", time.Since(begin))
			return
		}
		o.fault(err)
		if o.Error != nil && strings.Contains(o.Error.Text, "timeout in ctx") {
			// The text holds the exact remaining time.
			o.Error.Text = ""
		}
		o.Result = map[string]bool{"answered": time.Since(begin) < 1400*time.Millisecond}
	}
}

// counters are the numbers that concurrent workers gather.
type counters struct {
	mu                            sync.Mutex
	calls, ok, mismatches, errors int
}

func (c *counters) add(ok, mismatches, errors int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls += ok + mismatches + errors
	c.ok += ok
	c.mismatches += mismatches
	c.errors += errors
}

func (c *counters) result() map[string]int {
	return map[string]int{"calls": c.calls, "ok": c.ok, "mismatches": c.mismatches, "errors": c.errors}
}

func caseConcurrentStreams(e *env, o *outcome) {
	const streams, messages = 64, 20
	var group sync.WaitGroup
	var counts counters
	for i := 0; i < streams; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 4*e.timeout)
			defer cancel()
			st, err := e.streams.Chat(ctx)
			if !o.succeed(err) {
				counts.add(0, 0, 1)
				return
			}
			for j := 0; j < messages; j++ {
				sent := numbered(i*messages + j)
				received, err := exchange(ctx, st, sent)
				switch {
				case err != nil:
					o.check(false, "stream %d message %d: %v", i, j, err)
					counts.add(0, 0, 1)
					return
				case received.Seq != sent.Seq || !bytes.Equal(received.Body, sent.Body):
					o.check(false, "stream %d message %d: the echo differs", i, j)
					counts.add(0, 1, 0)
				default:
					counts.add(1, 0, 0)
				}
			}
			o.check(st.CloseSend(ctx) == nil, "stream %d: half-close failed", i)
			_, err = st.Recv(ctx)
			o.check(errors.Is(err, io.EOF), "stream %d: end is %v", i, err)
		}()
	}
	group.Wait()
	o.Result = counts.result()
}

func caseConcurrentUnary(e *env, o *outcome) {
	const workers, calls = 64, 50
	var group sync.WaitGroup
	var counts counters
	for i := 0; i < workers; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for j := 0; j < calls; j++ {
				sent := numbered(i*calls + j)
				reply, err := e.streams.Unary(context.Background(), sent, e.withTimeout())
				switch {
				case err != nil:
					o.check(false, "worker %d call %d: %v", i, j, err)
					counts.add(0, 0, 1)
				case reply.Seq != sent.Seq || !bytes.Equal(reply.Body, sent.Body):
					o.check(false, "worker %d call %d: the echo differs", i, j)
					counts.add(0, 1, 0)
				default:
					counts.add(1, 0, 0)
				}
			}
		}()
	}
	group.Wait()
	o.Result = counts.result()
}
