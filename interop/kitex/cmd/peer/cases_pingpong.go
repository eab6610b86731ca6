package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/kerrors"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopservice"
)

// Thrift exception types that Kitex servers answer with.
const (
	unknownMethodType  = 1
	internalErrorType  = 6
	unknownServiceType = 20
)

// What a Kitex server adds to the text of a handler's error, depending on its kind and the protocol.
const (
	bizPrefix = "biz error: "
	bizSuffix = " [biz error]"
)

// panicOf is the text that a Kitex server makes of a panic in that method.
func panicOf(method string) string {
	return "panic: [happened in biz handler, method=" + method + ", please check the panic at the server side] " + panicText
}

func pingPongCases() []testCase {
	all := onFamily(pingPong)
	return []testCase{
		{"rich", "struct of strings, binary, map, list, i64 and nested structs, echoed", all, caseRich},
		{"void", "method without a result", all, caseVoid},
		{"empty", "struct without fields", all, caseEmpty},
		{"empty-string", "string of length 0", all, caseText("")},
		{"text", "non-ASCII string", all, caseText("混合 text é \U0001F600")},
		{"blob-0", "body of 0 bytes both ways", all, caseBlob(0)},
		{"blob-1m", "1 MiB body both ways", all, caseBlob(1 << 20)},
		{"blob-8m", "8 MiB body both ways", all, caseBlob(8 << 20)},
		{"declared-exception", "exception declared by the IDL", all, caseDeclared},
		{"plain-error", "handler returns a plain error", all, caseFail(failPlain, internalErrorType, bizPrefix+plainText)},
		{"typed-error", "handler returns an error with type 4711", all, caseFail(failTyped, typedErrorID, typedText+bizSuffix)},
		{"application-exception", "handler returns a Thrift application exception", all, caseFail(failApplication, internalErrorType, bizPrefix+applicationText)},
		{"biz-status", "business status with non-ASCII text and extra", all, caseBiz(failBiz, bizCode, bizMessage, bizExtra())},
		{"biz-status-no-extra", "negative business status without extra", all, caseBiz(failBizNoExtra, bizCodeNoExtra, bizNoExtraText, nil)},
		{"panic", "handler panics", all, caseFail(failPanic, internalErrorType, panicOf("InteropService.Fail"))},
		{"caller-name", "caller service and method as the server sees them", all, caseCallerName},
		{"metainfo-persistent", "persistent metainfo", all, caseMetainfo(true, false)},
		{"metainfo-transient", "transient metainfo", all, caseMetainfo(false, true)},
		{"backward", "backward metainfo", all, caseBackward},
		{"deadline-none", "call without a timeout: what the server sees", all, caseDeadlineNone},
		{"deadline-seen", "timeout of 800 ms: what the server sees", all, caseDeadlineSeen},
		{"deadline-exceeded", "handler slower than the timeout: class of the error", all, caseDeadlineExceeded},
		{"unknown-method", "method that the service does not have", all, caseUnknown(pingPongDestination)},
		{"unknown-service", "service that the server does not have", onTTHeader, caseUnknown(absentService)},
		{"sequence", "20 calls one after the other, failures in between", all, caseSequence},
		{"concurrent-64", "64 connections with 50 calls each, every body its own", all, caseConcurrent},
		{"oneway", "oneway call, counted by the server", all, caseOneway},
	}
}

func richValue() *interop.Rich {
	inner := &interop.Nested{Name: "inner", Tags: []string{}, Counters: map[string]int64{"ü": -1}}
	return &interop.Rich{
		Text:    "text é 業務 \x00 end",
		Blob:    []byte{0, 1, 2, 0x80, 0x01, 0xff},
		Labels:  map[string]string{"": "empty key", "a": "", "b": "2", "ключ": "значение"},
		Numbers: []int64{0, -1, 1 << 62, -1 << 63, 1<<63 - 1},
		Number:  -1234567890123,
		Nested:  &interop.Nested{Name: "outer", Tags: []string{"x", "", "y"}, Counters: map[string]int64{"one": 1, "two": 2}, Inner: inner},
	}
}

func caseRich(e *env, o *outcome) {
	ctx := callContext()
	reply, err := e.pingPong.Echo(ctx, richValue(), e.withTimeout())
	o.keepBackward(ctx)
	if o.succeed(err) {
		o.Result = reply
		o.check(reflect.DeepEqual(reply, richValue()), "the echo differs")
	}
}

func caseVoid(e *env, o *outcome) {
	ctx := callContext()
	err := e.pingPong.Void(ctx, "nothing", e.withTimeout())
	o.keepBackward(ctx)
	if o.succeed(err) {
		o.Result = "void"
	}
}

func caseEmpty(e *env, o *outcome) {
	ctx := callContext()
	reply, err := e.pingPong.EmptyStruct(ctx, &interop.Empty{}, e.withTimeout())
	o.keepBackward(ctx)
	if o.succeed(err) {
		o.Result = reply
		o.check(reply != nil, "no struct in the reply")
	}
}

func caseText(text string) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx := callContext()
		reply, err := e.pingPong.Text(ctx, text, e.withTimeout())
		o.keepBackward(ctx)
		if o.succeed(err) {
			o.Result = map[string]string{"text": reply}
			o.check(reply == text, "the echo differs")
		}
	}
}

func caseBlob(size int) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx := callContext()
		body := fillBody(1, size)
		reply, err := e.pingPong.Blob(ctx, body, e.withTimeout())
		o.keepBackward(ctx)
		if o.succeed(err) {
			o.Result = digest(reply)
			o.check(bytes.Equal(reply, body), "the echo differs")
		}
	}
}

func caseDeclared(e *env, o *outcome) {
	ctx := callContext()
	_, err := e.pingPong.Throws(ctx, "declared é", e.withTimeout())
	o.keepBackward(ctx)
	var declared *interop.DeclaredException
	if errors.As(err, &declared) {
		o.Result = declared
		o.check(declared.Code == 42 && declared.Message == "declared é", "the exception differs")
		return
	}
	o.fault(err)
	o.check(false, "expected the declared exception, got %v", err)
}

func caseFail(kind string, typeID int64, text string) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx := callContext()
		_, err := e.pingPong.Fail(ctx, kind, e.withTimeout())
		o.keepBackward(ctx)
		o.expectError(err, typeID, text)
	}
}

// caseBiz expects the status on TTHeader; Framed and Buffered have no place for it, there the call succeeds.
func caseBiz(kind string, code int32, message string, extra map[string]string) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		ctx := callContext()
		reply, err := e.pingPong.Fail(ctx, kind, e.withTimeout())
		o.keepBackward(ctx)
		if e.transport.ttheader {
			o.expectBiz(err, code, message, extra)
		} else if o.succeed(err) {
			o.Result = map[string]string{"text": reply}
		}
	}
}

func (e *env) inspect(ctx context.Context, o *outcome, options ...callopt.Option) *interop.Seen {
	seen, err := e.pingPong.Inspect(ctx, "inspect", options...)
	o.keepBackward(ctx)
	if !o.succeed(err) {
		return nil
	}
	o.saw(seen)
	return seen
}

func caseCallerName(e *env, o *outcome) {
	if seen := e.inspect(callContext(), o, e.withTimeout()); seen != nil && e.transport.ttheader {
		o.check(seen.CallerService == callerName, "caller service is %q", seen.CallerService)
		o.check(seen.CallerMethod == callerMethod, "caller method is %q", seen.CallerMethod)
	}
}

func persistentValues(t *wireTransport) map[string]string {
	if t.family == grpc {
		return map[string]string{"PERSISTENT_KEY": "persistent value", "LOGID": "0123456789"}
	}
	return map[string]string{"persistent_key": "persistent value é", "Mixed-Case_Key": "2", "LOGID": "0123456789"}
}

func transientValues(t *wireTransport) map[string]string {
	if t.family == grpc {
		return map[string]string{"TRANSIENT_KEY": "transient value"}
	}
	return map[string]string{"transient_key": "transient value é", "Other-Key": "t"}
}

func withMetainfo(ctx context.Context, persistent, transient map[string]string) context.Context {
	for key, value := range persistent {
		ctx = metainfo.WithPersistentValue(ctx, key, value)
	}
	for key, value := range transient {
		ctx = metainfo.WithValue(ctx, key, value)
	}
	return ctx
}

func caseMetainfo(persistent, transient bool) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		var wantPersistent, wantTransient map[string]string
		if persistent {
			wantPersistent = persistentValues(e.transport)
		}
		if transient {
			wantTransient = transientValues(e.transport)
		}
		ctx := withMetainfo(callContext(), wantPersistent, wantTransient)
		if !e.transport.ttheader {
			wantPersistent, wantTransient = nil, nil
		}
		if seen := e.inspect(ctx, o, e.withTimeout()); seen != nil {
			o.check(equalMaps(seen.Persistent, wantPersistent), "persistent values are %v", seen.Persistent)
			o.check(equalMaps(seen.Transient, wantTransient), "transient values are %v", seen.Transient)
		}
	}
}

func caseBackward(e *env, o *outcome) {
	if e.inspect(callContext(), o, e.withTimeout()) != nil && e.transport.ttheader {
		o.check(o.Backward[backwardKey] == backwardValue, "backward values are %v", o.Backward)
	}
}

func caseDeadlineNone(e *env, o *outcome) {
	seen := e.inspect(callContext(), o)
	if seen == nil {
		return
	}
	o.Result = map[string]bool{"rpcTimeout": seen.HasRpcTimeout, "deadline": seen.HasDeadline}
	o.check(!seen.HasRpcTimeout && !seen.HasDeadline, "the server saw a deadline that nobody set")
}

func caseDeadlineSeen(e *env, o *outcome) {
	seen := e.inspect(callContext(), o, callopt.WithRPCTimeout(800*time.Millisecond))
	if seen == nil {
		return
	}
	o.Result = map[string]string{
		"rpcTimeout": bucket(seen.HasRpcTimeout, seen.RpcTimeoutMs, 800),
		"deadline":   bucket(seen.HasDeadline, seen.DeadlineRemainingMs, 800),
	}
	o.check(seen.HasRpcTimeout == e.transport.ttheader, "the server saw a timeout: %v", seen.HasRpcTimeout)
	o.check(seen.HasDeadline == e.transport.ttheader, "the server saw a deadline: %v", seen.HasDeadline)
	if e.transport.ttheader {
		o.check(seen.RpcTimeoutMs > 0 && seen.RpcTimeoutMs <= 800, "the server saw a timeout of %d ms", seen.RpcTimeoutMs)
	}
}

// bucket is "true" if the server saw a value in (0, limit], "none" if it saw nothing.
func bucket(found bool, millis, limit int64) string {
	switch {
	case !found:
		return "none"
	case millis > 0 && millis <= limit:
		return "true"
	default:
		return "false"
	}
}

func caseDeadlineExceeded(e *env, o *outcome) {
	begin := time.Now()
	_, err := e.pingPong.Sleep(context.Background(), 2000, callopt.WithRPCTimeout(300*time.Millisecond))
	o.expectTimeout(err, time.Since(begin))
}

// expectTimeout checks a call with a limit of 300 ms. Everybody on the way reaches the deadline at the
// same time, so it is left open whose timer fired first, and only the class of the error is printed.
func (o *outcome) expectTimeout(err error, elapsed time.Duration) {
	if err == nil {
		o.check(false, "the call succeeded")
		return
	}
	class := classOf(err)
	o.note("rawClass", class)
	o.note("rawText", err.Error())
	if strings.Contains(err.Error(), "timeout") || strings.Contains(err.Error(), "deadline exceeded") {
		class = kerrors.ErrRPCTimeout.Error()
	}
	o.Error = &errorLine{Class: class}
	o.check(class == kerrors.ErrRPCTimeout.Error(), "unexpected error: %v", err)
	o.check(elapsed >= 250*time.Millisecond && elapsed < 1500*time.Millisecond, "the call took %v", elapsed)
}

// emptyStruct is a Thrift struct without fields.
var emptyStruct = []byte{0}

func caseUnknown(service string) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		options := e.transport.options(e.addr, manner{connections: 1}, e.dialer)
		c, err := genericclient.NewClient(pingPongDestination, generic.BinaryThriftGenericV2(service), options...)
		if !o.succeed(err) {
			return
		}
		defer c.Close()
		ctx := callContext()
		_, err = c.GenericCall(ctx, absentMethod, emptyStruct, e.withTimeout())
		o.keepBackward(ctx)
		want := int64(unknownMethodType)
		if service == absentService || !e.transport.ttheader {
			want = unknownServiceType
		}
		o.expectErrorLike(err, want, absentMethod)
	}
}

func caseSequence(e *env, o *outcome) {
	for i := 0; i < 20; i++ {
		if i%5 == 4 {
			_, err := e.pingPong.Fail(context.Background(), failPlain, e.withTimeout())
			o.check(err != nil && strings.Contains(err.Error(), plainText), "call %d: %v", i, err)
			continue
		}
		text := fmt.Sprintf("call %d %s", i, strings.Repeat("x", i*100))
		reply, err := e.pingPong.Text(context.Background(), text, e.withTimeout())
		o.check(err == nil && reply == text, "call %d: %v", i, err)
	}
	o.Result = map[string]int{"calls": 20}
}

func caseConcurrent(e *env, o *outcome) {
	const connections, calls = 64, 50
	dialer := newCountingDialer()
	var group sync.WaitGroup
	var mu sync.Mutex
	counts := map[string]int{"connections": connections, "calls": 0, "ok": 0, "mismatches": 0, "errors": 0}
	for i := 0; i < connections; i++ {
		options := e.transport.options(e.addr, manner{connections: 1}, dialer)
		c, err := interopservice.NewClient(pingPongDestination, options...)
		if !o.succeed(err) {
			return
		}
		group.Add(1)
		go func() {
			defer group.Done()
			for call := 0; call < calls; call++ {
				body := fillBody(uint64(i*calls+call), 1+(i*calls+call)*7%5000)
				reply, err := c.Blob(context.Background(), body, e.withTimeout())
				verdict := "ok"
				if err != nil {
					verdict = "errors"
					o.check(false, "%v", err)
				} else if !bytes.Equal(reply, body) {
					verdict = "mismatches"
					o.check(false, "connection %d call %d: the echo differs", i, call)
				}
				mu.Lock()
				counts["calls"]++
				counts[verdict]++
				mu.Unlock()
			}
		}()
	}
	group.Wait()
	o.Result = counts
	o.note("dials", dialer.dials.Load())
}

func caseOneway(e *env, o *outcome) {
	key := uniqueKey()
	if !o.succeed(e.pingPong.Fire(context.Background(), key, e.withTimeout())) {
		return
	}
	fired := func() int64 {
		count, err := e.pingPong.Fired(context.Background(), key, e.withTimeout())
		o.succeed(err)
		return count
	}
	for deadline := time.Now().Add(2 * time.Second); fired() == 0 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	count := fired()
	o.Result = map[string]int64{"fired": count}
	o.check(count == 1, "the server counted %d calls", count)
}

// fillBody returns size bytes that no other number gives, except for very short ones.
func fillBody(number uint64, size int) []byte {
	body := make([]byte, size)
	fill(body, number)
	return body
}

// fill writes the bytes of that number: the number itself, then its splitmix64 sequence.
func fill(body []byte, number uint64) {
	state := number
	word := number
	for i := 0; i < len(body); i += 8 {
		for j, rest := i, word; j < min(i+8, len(body)); j++ {
			body[j] = byte(rest)
			rest >>= 8
		}
		state += 0x9e3779b97f4a7c15
		word = state
		word = (word ^ word>>30) * 0xbf58476d1ce4e5b9
		word = (word ^ word>>27) * 0x94d049bb133111eb
		word ^= word >> 31
	}
}
