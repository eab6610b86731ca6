package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/streaming"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interoppb"
)

// serverStream is one stream as the shared handlers see it; messages are those of the Thrift IDL.
type serverStream interface {
	Recv(ctx context.Context) (*interop.Msg, error)
	Send(ctx context.Context, m *interop.Msg) error
	streaming.ServerStream
}

// typedServerStream converts the messages M of one IDL.
type typedServerStream[M any] struct {
	streaming.ServerStream
	wire    func(*interop.Msg) *M
	neutral func(*M) *interop.Msg
}

func (s typedServerStream[M]) Recv(ctx context.Context) (*interop.Msg, error) {
	m := new(M)
	if err := s.RecvMsg(ctx, m); err != nil {
		return nil, err
	}
	return s.neutral(m), nil
}

func (s typedServerStream[M]) Send(ctx context.Context, m *interop.Msg) error {
	return s.SendMsg(ctx, s.wire(m))
}

func thriftServerStream(st streaming.ServerStream) serverStream {
	return typedServerStream[interop.Msg]{st, same, same}
}

func protobufServerStream(st streaming.ServerStream) serverStream {
	return typedServerStream[interoppb.Msg]{st, toProtobuf, fromProtobuf}
}

// serveChat echoes each message until the peer half-closes, or fails as the first message plans it.
func serveChat(ctx context.Context, st serverStream, cancels *cancelLog) error {
	defer cancels.runs()()
	if err := sendEarly(ctx, st, cancels); err != nil {
		return err
	}
	first, err := st.Recv(ctx)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	plan := planOf(first)
	record := cancels.start(plan.Key)
	if err := setHeaders(ctx, st, plan); err != nil {
		return err
	}
	for m := first; ; {
		record.received++
		if err := plannedFailure(plan, record.sent); err != nil {
			return err
		}
		reply := &interop.Msg{Seq: m.Seq, Text: m.Text, Body: m.Body}
		if plan.Inspect && m == first {
			reply.Seen = observe(ctx)
		}
		if err := st.Send(ctx, reply); err != nil {
			record.observe(ctx, err)
			return err
		}
		record.sent++
		if plannedEnd(plan, record.sent) {
			return nil
		}
		if m, err = st.Recv(ctx); err != nil {
			break
		}
	}
	if !errors.Is(err, io.EOF) {
		record.observe(ctx, err)
		return err
	}
	for i := int32(0); i < plan.AfterHalfClose; i++ {
		if err := st.Send(ctx, &interop.Msg{Seq: int64(i), Text: "after half close"}); err != nil {
			return err
		}
	}
	return nil
}

// serveSum reads all messages and answers with the sum of their numbers, the size of their bodies and
// whether their numbers came in order from 0.
func serveSum(ctx context.Context, st serverStream, cancels *cancelLog) error {
	defer cancels.runs()()
	if err := sendEarly(ctx, st, cancels); err != nil {
		return err
	}
	total := &interop.Msg{}
	var plan *interop.Plan
	var record *cancelRecord
	var count, size int64
	inOrder := true
	for {
		m, err := st.Recv(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if record != nil {
				record.observe(ctx, err)
			}
			return err
		}
		if plan == nil {
			plan = planOf(m)
			record = cancels.start(plan.Key)
			if err := setHeaders(ctx, st, plan); err != nil {
				return err
			}
			if plan.Inspect {
				total.Seen = observe(ctx)
			}
		}
		record.received++
		if err := plannedFailure(plan, record.received); err != nil {
			return err
		}
		inOrder = inOrder && m.Seq == count
		total.Seq += m.Seq
		count++
		size += int64(len(m.Body))
		if plannedEnd(plan, count) {
			break
		}
	}
	total.Text = fmt.Sprintf("messages=%d bytes=%d inOrder=%t", count, size, inOrder)
	return st.Send(ctx, total)
}

// serveCount sends plan.Count numbered messages.
func serveCount(ctx context.Context, request *interop.Msg, st serverStream, cancels *cancelLog) error {
	defer cancels.runs()()
	plan := planOf(request)
	record := cancels.start(plan.Key)
	record.received++
	if err := sendEarly(ctx, st, cancels); err != nil {
		return err
	}
	if err := setHeaders(ctx, st, plan); err != nil {
		return err
	}
	body := bytes.Repeat([]byte{'c'}, int(plan.BodySize))
	for i := int64(0); i < int64(plan.Count); i++ {
		if err := plannedFailure(plan, record.sent); err != nil {
			return err
		}
		reply := &interop.Msg{Seq: i, Text: request.Text, Body: body}
		if plan.Inspect && i == 0 {
			reply.Seen = observe(ctx)
		}
		if err := st.Send(ctx, reply); err != nil {
			record.observe(ctx, err)
			return err
		}
		record.sent++
		if plannedEnd(plan, record.sent) {
			return nil
		}
		if plan.IntervalMs > 0 {
			select {
			case <-ctx.Done():
				record.observe(ctx, nil)
				return ctx.Err()
			case <-time.After(time.Duration(plan.IntervalMs) * time.Millisecond):
			}
		}
	}
	return plannedFailure(plan, record.sent)
}

// serveUnary answers one message as planned; over TTHeader with a backward value.
func serveUnary(ctx context.Context, m *interop.Msg, cancels *cancelLog) (*interop.Msg, error) {
	plan := planOf(m)
	pause := time.Duration(plan.IntervalMs) * time.Millisecond
	if plan.Key == "" {
		time.Sleep(pause)
	} else {
		record := cancels.start(plan.Key)
		record.received++
		select {
		case <-ctx.Done():
			record.observe(ctx, nil)
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
	if plan.Headers {
		setUnaryHeaders(ctx)
	}
	if plan.FailKind != "" {
		return nil, fail(plan.FailKind)
	}
	reply := &interop.Msg{Seq: m.Seq, Text: m.Text, Body: m.Body}
	if plan.Inspect {
		reply.Seen = observe(ctx)
	}
	return reply, nil
}

// setUnaryHeaders sets headers and trailers, or a backward value. Each of these fails on the protocols
// that do not have it, which is fine.
func setUnaryHeaders(ctx context.Context) {
	if setGoogleHeaders(ctx) {
		return
	}
	_ = nphttp2.SetHeader(ctx, metadata.Pairs(headerKey, headerValue, binaryHeader, binaryContents))
	_ = nphttp2.SetTrailer(ctx, metadata.Pairs(trailerKey, trailerValue, binaryHeader, binaryContents))
	metainfo.SendBackwardValue(ctx, backwardKey, backwardValue)
}

func planOf(m *interop.Msg) *interop.Plan {
	if m.Plan == nil {
		return &interop.Plan{}
	}
	return m.Plan
}

func plannedFailure(plan *interop.Plan, sent int64) error {
	if plan.FailKind != "" && plan.FailKind != endEarly && sent >= int64(plan.FailAfter) {
		return fail(plan.FailKind)
	}
	return nil
}

// plannedEnd tells whether the handler is to end the stream with success although there could be more.
func plannedEnd(plan *interop.Plan, messages int64) bool {
	return plan.FailKind == endEarly && messages >= int64(plan.FailAfter)
}

// sendEarly sends the headers at once if the caller asked for that, and waits until it has them if it
// gave a key by which to say so.
func sendEarly(ctx context.Context, st serverStream, cancels *cancelLog) error {
	key, early := metainfo.GetPersistentValue(ctx, earlyHeadersKey)
	if !early {
		return nil
	}
	if err := st.SendHeader(streaming.Header{headerKey: headerValue}); err != nil {
		return err
	}
	if key == earlyHeadersOnly {
		return nil
	}
	select {
	case <-cancels.released(key):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func setHeaders(ctx context.Context, st serverStream, plan *interop.Plan) error {
	if !plan.Headers {
		return nil
	}
	header := streaming.Header{headerKey: headerValue}
	trailer := streaming.Trailer{trailerKey: trailerValue}
	if _, binary := metainfo.GetPersistentValue(ctx, binaryHeadersKey); binary {
		header[binaryHeader] = binaryContents
		trailer[binaryHeader] = binaryContents
	}
	if err := st.SetHeader(header); err != nil {
		return err
	}
	return st.SetTrailer(trailer)
}

// cancelLog remembers, by the key of the plan, how streams ended before their time.
type cancelLog struct {
	// open counts the streams whose handlers run.
	open atomic.Int64

	mu      sync.Mutex
	records map[string]*cancelRecord
	// waits are closed when callers have released them; guarded by mu.
	waits map[string]chan struct{}
}

func newCancelLog() *cancelLog {
	return &cancelLog{records: map[string]*cancelRecord{}, waits: map[string]chan struct{}{}}
}

// released is closed once the caller has asked for that with the key.
func (l *cancelLog) released(key string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waits[key] == nil {
		l.waits[strings.Clone(key)] = make(chan struct{})
	}
	return l.waits[key]
}

// runs counts a handler until what it returns is called.
func (l *cancelLog) runs() func() {
	l.open.Add(1)
	return func() { l.open.Add(-1) }
}

// cancelRecord counts the messages of one stream; the counters belong to its handler.
type cancelRecord struct {
	log            *cancelLog
	received, sent int64

	report *interop.CancelReport // guarded by log.mu
	at     time.Time             // guarded by log.mu
}

func (l *cancelLog) start(key string) *cancelRecord {
	record := &cancelRecord{log: l, report: &interop.CancelReport{Started: true}}
	if key != "" {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.records[strings.Clone(key)] = record
	}
	return record
}

// observe notes the failure of a Recv or Send, if any, and the state of the context shortly after.
func (r *cancelRecord) observe(ctx context.Context, err error) {
	at := time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.at = at
	r.report.Observed = true
	r.report.Received = r.received
	r.report.Sent = r.sent
	if err != nil {
		r.report.ErrorText = err.Error()
	}
	if ctx.Err() != nil {
		r.report.ContextText = ctx.Err().Error()
	}
}

func (l *cancelLog) report(key string) *interop.CancelReport {
	if held, release := strings.CutPrefix(key, releaseKey); release {
		close(l.released(held))
		return &interop.CancelReport{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	record := l.records[key]
	if record == nil {
		return &interop.CancelReport{}
	}
	report := *record.report
	if report.Observed {
		report.AgeMs = time.Since(record.at).Milliseconds()
	}
	return &report
}

// thriftStreamHandler implements InteropStream.
type thriftStreamHandler struct {
	cancels *cancelLog
}

func (h *thriftStreamHandler) Echo(ctx context.Context, st interop.InteropStream_EchoServer) error {
	return serveChat(ctx, thriftServerStream(st), h.cancels)
}

func (h *thriftStreamHandler) Sum(ctx context.Context, st interop.InteropStream_SumServer) error {
	return serveSum(ctx, thriftServerStream(st), h.cancels)
}

func (h *thriftStreamHandler) Count(ctx context.Context, m *interop.Msg, st interop.InteropStream_CountServer) error {
	return serveCount(ctx, m, thriftServerStream(st), h.cancels)
}

func (h *thriftStreamHandler) Ping(ctx context.Context, m *interop.Msg) (*interop.Msg, error) {
	return serveUnary(ctx, m, h.cancels)
}

func (h *thriftStreamHandler) LastCancel(_ context.Context, key string) (*interop.CancelReport, error) {
	return h.cancels.report(key), nil
}

// protobufHandler implements InteropPb.
type protobufHandler struct {
	cancels *cancelLog
}

func (h *protobufHandler) Chat(ctx context.Context, st interoppb.InteropPb_ChatServer) error {
	return serveChat(ctx, protobufServerStream(st), h.cancels)
}

func (h *protobufHandler) Gather(ctx context.Context, st interoppb.InteropPb_GatherServer) error {
	return serveSum(ctx, protobufServerStream(st), h.cancels)
}

func (h *protobufHandler) Emit(ctx context.Context, m *interoppb.Msg, st interoppb.InteropPb_EmitServer) error {
	return serveCount(ctx, fromProtobuf(m), protobufServerStream(st), h.cancels)
}

func (h *protobufHandler) Echo(ctx context.Context, m *interoppb.Msg) (*interoppb.Msg, error) {
	reply, err := serveUnary(ctx, fromProtobuf(m), h.cancels)
	if err != nil {
		return nil, err
	}
	return toProtobuf(reply), nil
}

func (h *protobufHandler) LastCancelPb(_ context.Context, key *interoppb.CancelKey) (*interoppb.CancelReport, error) {
	report := interoppb.CancelReport(*h.cancels.report(key.Key))
	return &report, nil
}
