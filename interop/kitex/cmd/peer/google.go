package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/gopkg/protocol/thrift"
	"github.com/cloudwego/kitex/pkg/kerrors"
	kitexmetadata "github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/prutal"
	google "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Google's gRPC speaks the messages of both IDLs by these codecs. Its own for Protobuf would not take
// the structs that Kitex generates.
func init() {
	encoding.RegisterCodec(thriftCodec{})
	encoding.RegisterCodec(protobufCodec{})
}

type thriftCodec struct{}

// Name makes the content type application/grpc+thrift.
func (thriftCodec) Name() string { return "thrift" }

func (thriftCodec) Marshal(v any) ([]byte, error) {
	return thrift.FastMarshal(v.(thrift.FastCodec)), nil
}

func (thriftCodec) Unmarshal(data []byte, v any) error {
	// Strings of the message may stay in these bytes, which belong to gRPC.
	return thrift.FastUnmarshal(append([]byte{}, data...), v.(thrift.FastCodec))
}

type protobufCodec struct{}

// Name is that of the content type application/grpc.
func (protobufCodec) Name() string { return "proto" }

func (protobufCodec) Marshal(v any) ([]byte, error) { return prutal.MarshalAppend(nil, v) }

func (protobufCodec) Unmarshal(data []byte, v any) error {
	return prutal.Unmarshal(append([]byte{}, data...), v)
}

// flat has one value for each key, as Kitex's headers.
func flat(md metadata.MD) map[string]string {
	out := map[string]string{}
	for key, values := range md {
		out[key] = strings.Join(values, "\n")
	}
	return out
}

// googleClientStream is a stream of Google's client as one of Kitex's.
type googleClientStream struct {
	google.ClientStream
}

func (s googleClientStream) SendMsg(_ context.Context, m any) error { return s.ClientStream.SendMsg(m) }

func (s googleClientStream) RecvMsg(_ context.Context, m any) error {
	return businessOr(s.ClientStream.RecvMsg(m), s.ClientStream.Trailer)
}

func (s googleClientStream) Header() (streaming.Header, error) {
	md, err := s.ClientStream.Header()
	return flat(md), err
}

func (s googleClientStream) Trailer() (streaming.Trailer, error) {
	return flat(s.ClientStream.Trailer()), nil
}

func (s googleClientStream) CloseSend(context.Context) error { return s.ClientStream.CloseSend() }

// businessOr returns the business status that stands in the trailers, as Kitex's client would, or else err.
func businessOr(err error, trailer func() metadata.MD) error {
	if status.Code(err) == codes.OK {
		return err
	}
	var code int32
	values := trailer().Get("biz-status")
	if len(values) == 0 {
		return err
	}
	if _, scan := fmt.Sscan(values[0], &code); scan != nil {
		return err
	}
	return kerrors.NewBizStatusErrorWithExtra(code, status.Convert(err).Message(), extraOf(trailer()))
}

// googleServerStream is a stream of Google's server as one of Kitex's.
type googleServerStream struct {
	google.ServerStream
}

func (s googleServerStream) SendMsg(_ context.Context, m any) error { return s.ServerStream.SendMsg(m) }

func (s googleServerStream) RecvMsg(_ context.Context, m any) error { return s.ServerStream.RecvMsg(m) }

func (s googleServerStream) SetHeader(header streaming.Header) error {
	return s.ServerStream.SetHeader(metadata.New(header))
}

func (s googleServerStream) SendHeader(header streaming.Header) error {
	return s.ServerStream.SendHeader(metadata.New(header))
}

func (s googleServerStream) SetTrailer(trailer streaming.Trailer) error {
	s.ServerStream.SetTrailer(metadata.New(trailer))
	return nil
}

// setGoogleHeaders does for a unary call of Google's server what Kitex's does for its own; it reports
// whether the call is one of Google's server.
func setGoogleHeaders(ctx context.Context) bool {
	if google.ServerTransportStreamFromContext(ctx) == nil {
		return false
	}
	_ = google.SetHeader(ctx, metadata.Pairs(headerKey, headerValue, binaryHeader, binaryContents))
	_ = google.SetTrailer(ctx, metadata.Pairs(trailerKey, trailerValue, binaryHeader, binaryContents))
	return true
}

// asKitex adds to the context of a call of Google's server what Kitex's handlers look for.
func asKitex(ctx context.Context) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	header := metainfo.HTTPHeader{}
	for key, values := range md {
		header[key] = values
	}
	ctx = metainfo.FromHTTPHeader(ctx, header)
	return kitexmetadata.NewIncomingContext(ctx, kitexmetadata.MD(md))
}
