package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	kitexmetadata "github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"google.golang.org/grpc/status"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

// try is a call that may be refused.
type try struct {
	Name      string `json:"name"`
	Addr      string `json:"addr"`
	Transport string `json:"transport"`
	// Call is Text or Void of ping-pong transports, Unary, Chat or Sum of the others.
	Call string `json:"call"`
	// Transient is metainfo, Headers are plain ones of gRPC.
	Transient map[string]string `json:"transient"`
	Headers   map[string]string `json:"headers"`
}

// runTries makes the calls of a file, one after the other, and prints what came of each: the result, or
// the exact error.
func runTries(args []string) int {
	flags := newFlags("tries")
	file := flags.String("file", "", "JSON: a list of calls")
	_ = flags.Parse(args)
	setLogging(false)

	var tries []try
	content, err := os.ReadFile(*file)
	if err == nil {
		err = json.Unmarshal(content, &tries)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer tries:", err)
		return 2
	}
	envs := map[string]*env{}
	for _, one := range tries {
		e := envs[one.Addr+one.Transport]
		if e == nil {
			if e, err = envOf(one.Transport, one.Addr); err != nil {
				fmt.Fprintln(os.Stderr, "peer tries:", err)
				return 2
			}
			envs[one.Addr+one.Transport] = e
		}
		o := newOutcome(one.Name, e.transport)
		result, err := one.make(e)
		switch {
		case err == nil:
			o.Result = result
		case e.transport.google:
			o.Error = describeGoogle(err)
		default:
			o.fault(err)
		}
		printJSON(os.Stdout, &o.line)
	}
	return 0
}

func envOf(transport, addr string) (*env, error) {
	t := transportNamed(transport, slices.Concat(transports, googleTransports))
	if t == nil {
		return nil, fmt.Errorf("no transport %q", transport)
	}
	if !t.google {
		return newEnv(t, addr, 20*time.Second)
	}
	streams, err := newGoogleClient(addr, t.protobuf)
	return &env{transport: t, addr: addr, timeout: 20 * time.Second, streams: streams}, err
}

// describeGoogle tells the status that Google's client returned.
func describeGoogle(err error) *errorLine {
	s := status.Convert(err)
	number := int64(s.Code())
	return &errorLine{Type: &number, Class: s.Code().String(), Text: err.Error(), RemoteText: s.Message()}
}

func (one try) make(e *env) (string, error) {
	ctx, cancel := context.WithTimeout(callContext(), e.timeout)
	defer cancel()
	for key, value := range one.Transient {
		ctx = metainfo.WithValue(ctx, key, value)
	}
	for key, value := range one.Headers {
		ctx = kitexmetadata.AppendToOutgoingContext(ctx, key, value)
	}
	message := &interop.Msg{Text: "let me in"}
	switch one.Call {
	case "Text":
		return e.pingPong.Text(ctx, message.Text, e.withTimeout())
	case "Void":
		return "", e.pingPong.Void(ctx, message.Text, e.withTimeout())
	case "Unary":
		reply, err := e.streams.Unary(ctx, message, e.withTimeout())
		if err != nil {
			return "", err
		}
		return reply.Text, nil
	case "Chat":
		stream, err := e.streams.Chat(ctx)
		return converse(ctx, stream, err, message)
	case "Sum":
		stream, err := e.streams.Sum(ctx)
		return converse(ctx, stream, err, message)
	}
	return "", fmt.Errorf("no call %q", one.Call)
}

// converse sends one message on a stream and reads it to its end; returns the first message.
func converse(ctx context.Context, stream clientStream, err error, message *interop.Msg) (string, error) {
	if err != nil {
		return "", err
	}
	// What a refused stream was refused for is told where it is read.
	if stream.Send(ctx, message) == nil {
		_ = stream.CloseSend(ctx)
	}
	first := ""
	for n := 0; ; n++ {
		reply, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return first, nil
		}
		if err != nil {
			return "", err
		}
		if n == 0 {
			first = reply.Text
		}
	}
}
