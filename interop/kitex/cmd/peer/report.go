package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/status"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

// line is what one case prints. All but Millis and Volatile is equal in every run, and equal
// directly and through a transparent gateway.
type line struct {
	Case      string `json:"case"`
	Transport string `json:"transport"`
	// OK tells whether everything was as a Kitex client sees it without a gateway in between.
	OK bool `json:"ok"`
	// Failed lists the expectations that were not met.
	Failed   []string          `json:"failed,omitempty"`
	Result   any               `json:"result,omitempty"`
	Error    *errorLine        `json:"error,omitempty"`
	Biz      *bizLine          `json:"biz,omitempty"`
	Seen     *seenLine         `json:"seen,omitempty"`
	Backward map[string]string `json:"backward,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Trailers map[string]string `json:"trailers,omitempty"`
	Millis   int64             `json:"millis"`
	Volatile map[string]any    `json:"volatile,omitempty"`
}

type errorLine struct {
	// Type is the Thrift exception type, the gRPC status or the ttstream code.
	Type *int64 `json:"type"`
	// Class is Kitex's class of the error.
	Class string `json:"class"`
	// Text is the whole error as the client sees it, RemoteText the part that came from the peer.
	Text       string `json:"text,omitempty"`
	RemoteText string `json:"remoteText,omitempty"`
	// Details are those of a gRPC status: type and bytes, in the order of the wire.
	Details []string `json:"details,omitempty"`
}

type bizLine struct {
	Code    int32             `json:"code"`
	Message string            `json:"message"`
	Extra   map[string]string `json:"extra"`
}

type seenLine struct {
	CallerService string            `json:"callerService"`
	CallerMethod  string            `json:"callerMethod"`
	Service       string            `json:"service"`
	Method        string            `json:"method"`
	Persistent    map[string]string `json:"persistent"`
	Transient     map[string]string `json:"transient"`
	RPCTimeout    bool              `json:"rpcTimeout"`
	Deadline      bool              `json:"deadline"`
	Headers       map[string]string `json:"headers,omitempty"`
}

// outcome collects the line of a running case. Its methods may be used by several goroutines.
type outcome struct {
	mu sync.Mutex
	line
}

func newOutcome(name string, t *wireTransport) *outcome {
	return &outcome{line: line{Case: name, Transport: t.name, OK: true, Volatile: map[string]any{}}}
}

// check notes a failed expectation.
func (o *outcome) check(met bool, format string, args ...any) {
	if met {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.OK = false
	if len(o.Failed) < 10 {
		o.Failed = append(o.Failed, printable(stable(fmt.Sprintf(format, args...))))
	}
}

// note stores a value which differs from run to run.
func (o *outcome) note(key string, value any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.Volatile[key] = value
}

// fault stores the error of the call, or that there was none although one is expected.
func (o *outcome) fault(err error) {
	if err == nil {
		o.check(false, "expected an error, got none")
		return
	}
	if biz, found := kerrors.FromBizStatusError(err); found {
		o.Biz = &bizLine{Code: biz.BizStatusCode(), Message: biz.BizMessage(), Extra: biz.BizExtra()}
		return
	}
	o.Error = describe(err)
	if path := cancelPath.FindStringSubmatch(err.Error()); path != nil {
		o.note("cancelPath", path[1])
	}
	if raw := err.Error(); raw != o.Error.Text {
		o.note("rawText", printable(raw))
	}
}

// succeed notes an unexpected error and reports whether there was none.
func (o *outcome) succeed(err error) bool {
	if err == nil {
		return true
	}
	o.fault(err)
	o.check(false, "unexpected error: %v", err)
	return false
}

// expectError checks the type of the error from the peer, and its whole text.
func (o *outcome) expectError(err error, typeID int64, remoteText string) {
	if o.expectErrorLike(err, typeID, "") {
		o.check(o.Error.RemoteText == remoteText, "remote text is %q instead of %q", o.Error.RemoteText, remoteText)
	}
}

// expectErrorLike checks the type of the error from the peer and a part of its text. It reports whether there is an error.
func (o *outcome) expectErrorLike(err error, typeID int64, part string) bool {
	o.fault(err)
	if err == nil {
		return false
	}
	if o.Biz != nil {
		o.check(false, "expected an RPC error, got a business status")
		return false
	}
	o.check(o.Error.Type != nil && *o.Error.Type == typeID, "error type is not %d", typeID)
	o.check(strings.Contains(o.Error.RemoteText, part), "remote text does not contain %q", part)
	return true
}

// expectBiz checks the business status.
func (o *outcome) expectBiz(err error, code int32, message string, extra map[string]string) {
	o.fault(err)
	if err == nil {
		return
	}
	if o.Biz == nil {
		o.check(false, "expected a business status, got %v", err)
		return
	}
	o.check(o.Biz.Code == code, "business code %d", o.Biz.Code)
	o.check(o.Biz.Message == message, "business message %q", o.Biz.Message)
	o.check(equalMaps(o.Biz.Extra, extra), "business extra %v", o.Biz.Extra)
}

// saw stores what the server observed.
func (o *outcome) saw(seen *interop.Seen) {
	if seen == nil {
		o.check(false, "the server did not say what it saw")
		return
	}
	o.Seen = &seenLine{
		CallerService: seen.CallerService,
		CallerMethod:  seen.CallerMethod,
		Service:       seen.Service,
		Method:        seen.Method,
		Persistent:    present(seen.Persistent),
		Transient:     present(seen.Transient),
		RPCTimeout:    seen.HasRpcTimeout,
		Deadline:      seen.HasDeadline,
		Headers:       seen.Headers,
	}
	o.note("serverSawTransport", seen.Transport)
	o.note("serverSawRemote", seen.RemoteAddr)
	o.note("serverSawRpcTimeoutMs", seen.RpcTimeoutMs)
	o.note("serverSawRemainingMs", seen.DeadlineRemainingMs)
}

var (
	address    = regexp.MustCompile(`(\d{1,3}\.){3}\d{1,3}:\d+|\[[0-9a-f:]+\]:\d+`)
	cancelPath = regexp.MustCompile(`\[canceled path: ([^\]]*)\] `)
)

// stable removes from a text what differs from run to run.
func stable(text string) string {
	return cancelPath.ReplaceAllString(address.ReplaceAllString(text, "ADDR"), "")
}

// printable makes invalid UTF-8 visible.
func printable(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return fmt.Sprintf("%q", text)
}

// describe classifies an error that a Kitex client returned.
func describe(err error) *errorLine {
	described := &errorLine{Class: classOf(err), Text: printable(stable(err.Error()))}
	setType := func(value int64) { described.Type = &value }

	var transport *remote.TransError
	var typed interface{ TypeId() int32 }
	switch {
	case errors.As(err, &transport):
		setType(int64(transport.TypeID()))
		described.RemoteText = printable(stable(transport.Error()))
	case grpcStatus(err) != nil:
		setType(int64(grpcStatus(err).Code()))
		described.RemoteText = printable(stable(grpcStatus(err).Message()))
		for _, detail := range grpcStatus(err).Proto().GetDetails() {
			described.Details = append(described.Details, detail.GetTypeUrl()+" "+hex.EncodeToString(detail.GetValue()))
		}
	case errors.As(err, &typed):
		setType(int64(typed.TypeId()))
		if typed.TypeId() == 12001 {
			described.RemoteText = ttstreamPrefix.ReplaceAllString(described.Text, "")
		}
	}
	return described
}

var ttstreamPrefix = regexp.MustCompile(`^\[ttstream error, code=\d+\] (\[(client|server)-side stream\] )?`)

func grpcStatus(err error) *status.Status {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		return carrier.GRPCStatus()
	}
	return nil
}

// classOf names the kind of error in Kitex's own words.
func classOf(err error) string {
	var detailed *kerrors.DetailedError
	if errors.As(err, &detailed) && detailed.ErrorType() != nil {
		return detailed.ErrorType().Error()
	}
	for _, class := range []error{
		context.Canceled, context.DeadlineExceeded, io.EOF,
		kerrors.ErrStreamingTimeout, kerrors.ErrStreamingCanceled, kerrors.ErrStreamingProtocol,
	} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	if grpcStatus(err) != nil {
		return "grpc status"
	}
	var typed interface{ TypeId() int32 }
	if errors.As(err, &typed) {
		return "ttstream exception"
	}
	return "other"
}

// canonical sorts the JSON object of biz-extra, which Kitex writes in random order.
func canonical(key, value string) string {
	if key != "biz-extra" {
		return value
	}
	var extra map[string]string
	if json.Unmarshal([]byte(value), &extra) != nil {
		return value
	}
	var sorted strings.Builder
	printJSON(&sorted, extra)
	return strings.TrimSpace(sorted.String())
}

// digest describes a large body by its length and hash.
func digest(body []byte) map[string]any {
	sum := sha256.Sum256(body)
	return map[string]any{"length": len(body), "sha256": hex.EncodeToString(sum[:])}
}

func equalMaps(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		if other, found := b[key]; !found || other != value {
			return false
		}
	}
	return true
}

func present(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// printJSON writes one line without escaping of HTML characters.
func printJSON(w io.Writer, value any) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		fmt.Fprintf(w, "{\"ok\":false,\"failed\":[%q]}\n", err.Error())
	}
}
