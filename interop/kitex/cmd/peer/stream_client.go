package main

import (
	"context"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/client/callopt/streamcall"
	"github.com/cloudwego/kitex/pkg/streaming"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interop/interopstream"
	"sluice.io/interop/kitex/kitex_gen/interoppb"
	interoppbservice "sluice.io/interop/kitex/kitex_gen/interoppb/interoppb"
)

// streamClient is the streaming service of either IDL; messages are those of the Thrift IDL.
type streamClient interface {
	Chat(ctx context.Context) (clientStream, error)
	Sum(ctx context.Context) (clientStream, error)
	Count(ctx context.Context, m *interop.Msg) (clientStream, error)
	Unary(ctx context.Context, m *interop.Msg, options ...callopt.Option) (*interop.Msg, error)
	LastCancel(ctx context.Context, key string, options ...callopt.Option) (*interop.CancelReport, error)
}

type clientStream interface {
	Send(ctx context.Context, m *interop.Msg) error
	Recv(ctx context.Context) (*interop.Msg, error)
	streaming.ClientStream
}

// newStreamClient makes the generated client which fits the transport.
func newStreamClient(t *wireTransport, options []client.Option) (streamClient, error) {
	if t.protobuf {
		c, err := interoppbservice.NewClient(pbDestination, options...)
		return protobufStreamClient{c}, err
	}
	c, err := interopstream.NewClient(streamDestination, options...)
	return thriftStreamClient{c}, err
}

type compressedKey struct{}

// withGzip has the messages of a call compressed.
func withGzip(ctx context.Context) context.Context {
	return context.WithValue(ctx, compressedKey{}, true)
}

func compressed(ctx context.Context) bool {
	return ctx.Value(compressedKey{}) != nil
}

func streamOptions(ctx context.Context) []streamcall.Option {
	if compressed(ctx) {
		return []streamcall.Option{streamcall.WithGRPCCompressor("gzip")}
	}
	return nil
}

func unaryOptions(ctx context.Context, options []callopt.Option) []callopt.Option {
	if compressed(ctx) {
		return append(options, callopt.WithGRPCCompressor("gzip"))
	}
	return options
}

// connectStreams makes the client which fits the transport, Google's included.
func connectStreams(t *wireTransport, addr string, m manner) (streamClient, error) {
	if t.google {
		return newGoogleClient(addr, t.protobuf)
	}
	return newStreamClient(t, t.options(addr, m, nil))
}

// typedClientStream converts the messages M of one IDL.
type typedClientStream[M any] struct {
	streaming.ClientStream
	wire    func(*interop.Msg) *M
	neutral func(*M) *interop.Msg
}

func (s typedClientStream[M]) Send(ctx context.Context, m *interop.Msg) error {
	return s.SendMsg(ctx, s.wire(m))
}

func (s typedClientStream[M]) Recv(ctx context.Context) (*interop.Msg, error) {
	m := new(M)
	if err := s.RecvMsg(ctx, m); err != nil {
		return nil, err
	}
	return s.neutral(m), nil
}

type thriftStreamClient struct {
	c interopstream.Client
}

func thriftClientStream(st streaming.ClientStream, err error) (clientStream, error) {
	if err != nil {
		return nil, err
	}
	return typedClientStream[interop.Msg]{st, same, same}, nil
}

func (c thriftStreamClient) Chat(ctx context.Context) (clientStream, error) {
	st, err := c.c.Echo(ctx, streamOptions(ctx)...)
	return thriftClientStream(st, err)
}

func (c thriftStreamClient) Sum(ctx context.Context) (clientStream, error) {
	st, err := c.c.Sum(ctx, streamOptions(ctx)...)
	return thriftClientStream(st, err)
}

func (c thriftStreamClient) Count(ctx context.Context, m *interop.Msg) (clientStream, error) {
	st, err := c.c.Count(ctx, m, streamOptions(ctx)...)
	return thriftClientStream(st, err)
}

func (c thriftStreamClient) Unary(ctx context.Context, m *interop.Msg, options ...callopt.Option) (*interop.Msg, error) {
	return c.c.Ping(ctx, m, unaryOptions(ctx, options)...)
}

func (c thriftStreamClient) LastCancel(ctx context.Context, key string, options ...callopt.Option) (*interop.CancelReport, error) {
	return c.c.LastCancel(ctx, key, options...)
}

type protobufStreamClient struct {
	c interoppbservice.Client
}

func protobufClientStream(st streaming.ClientStream, err error) (clientStream, error) {
	if err != nil {
		return nil, err
	}
	return typedClientStream[interoppb.Msg]{st, toProtobuf, fromProtobuf}, nil
}

func (c protobufStreamClient) Chat(ctx context.Context) (clientStream, error) {
	st, err := c.c.Chat(ctx, streamOptions(ctx)...)
	return protobufClientStream(st, err)
}

func (c protobufStreamClient) Sum(ctx context.Context) (clientStream, error) {
	st, err := c.c.Gather(ctx, streamOptions(ctx)...)
	return protobufClientStream(st, err)
}

func (c protobufStreamClient) Count(ctx context.Context, m *interop.Msg) (clientStream, error) {
	st, err := c.c.Emit(ctx, toProtobuf(m), streamOptions(ctx)...)
	return protobufClientStream(st, err)
}

func (c protobufStreamClient) Unary(ctx context.Context, m *interop.Msg, options ...callopt.Option) (*interop.Msg, error) {
	reply, err := c.c.Echo(ctx, toProtobuf(m), unaryOptions(ctx, options)...)
	if err != nil {
		return nil, err
	}
	return fromProtobuf(reply), nil
}

func (c protobufStreamClient) LastCancel(ctx context.Context, key string, options ...callopt.Option) (*interop.CancelReport, error) {
	reply, err := c.c.LastCancelPb(ctx, &interoppb.CancelKey{Key: key}, options...)
	if err != nil {
		return nil, err
	}
	report := interop.CancelReport(*reply)
	return &report, nil
}
