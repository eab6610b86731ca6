package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"
	kitexstatus "github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/status"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	google "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // registers the gzip compressor
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interoppb"
)

// serveGoogle serves InteropStream and InteropPb by Google's gRPC, with the same handlers.
func serveGoogle(listener net.Listener) error {
	s := google.NewServer(google.MaxRecvMsgSize(64 << 20))
	cancels := newCancelLog()
	ofThrift := google.ServiceDesc{
		HandlerType: (*any)(nil),
		Methods: []google.MethodDesc{
			unaryMethod("Ping", func(ctx context.Context, args *interop.InteropStreamPingArgs) (any, error) {
				reply, err := serveUnary(ctx, args.M, cancels)
				return &interop.InteropStreamPingResult{Success: reply}, err
			}),
			unaryMethod("LastCancel", func(_ context.Context, args *interop.InteropStreamLastCancelArgs) (any, error) {
				return &interop.InteropStreamLastCancelResult{Success: cancels.report(args.Key)}, nil
			}),
		},
		Streams: streamMethods("Echo", "Sum", "Count", cancels, thriftServerStream),
	}
	// Kitex's clients say the namespace too, others need not.
	for _, name := range []string{streamDestination, thriftNamespace + "." + streamDestination} {
		ofThrift.ServiceName = name
		s.RegisterService(&ofThrift, nil)
	}
	s.RegisterService(&google.ServiceDesc{
		ServiceName: pbPackage + "." + pbDestination,
		HandlerType: (*any)(nil),
		Methods: []google.MethodDesc{
			unaryMethod("Echo", func(ctx context.Context, m *interoppb.Msg) (any, error) {
				reply, err := serveUnary(ctx, fromProtobuf(m), cancels)
				if err != nil {
					return nil, err
				}
				return toProtobuf(reply), nil
			}),
			unaryMethod("LastCancelPb", func(_ context.Context, key *interoppb.CancelKey) (any, error) {
				report := interoppb.CancelReport(*cancels.report(key.Key))
				return &report, nil
			}),
		},
		Streams: streamMethods("Chat", "Gather", "Emit", cancels, protobufServerStream),
	}, nil)
	fmt.Println("LISTENING", listener.Addr())
	return s.Serve(listener)
}

func unaryMethod[M any](name string, serve func(ctx context.Context, request *M) (any, error)) google.MethodDesc {
	return google.MethodDesc{
		MethodName: name,
		Handler: func(_ any, ctx context.Context, decode func(any) error, _ google.UnaryServerInterceptor) (any, error) {
			request := new(M)
			if err := decode(request); err != nil {
				return nil, err
			}
			reply, err := serve(asKitex(withCaller(ctx, name)), request)
			return reply, asGoogle(err, func(md metadata.MD) { _ = google.SetTrailer(ctx, md) })
		},
	}
}

func streamMethods(chat, sum, count string, cancels *cancelLog, convert func(st streaming.ServerStream) serverStream) []google.StreamDesc {
	method := func(name string, clients, servers bool, serve func(ctx context.Context, st serverStream) error) google.StreamDesc {
		return google.StreamDesc{
			StreamName:    name,
			ClientStreams: clients,
			ServerStreams: servers,
			Handler: func(_ any, st google.ServerStream) error {
				err := serve(asKitex(withCaller(st.Context(), name)), convert(googleServerStream{st}))
				return asGoogle(err, st.SetTrailer)
			},
		}
	}
	return []google.StreamDesc{
		method(chat, true, true, func(ctx context.Context, st serverStream) error { return serveChat(ctx, st, cancels) }),
		method(sum, true, false, func(ctx context.Context, st serverStream) error { return serveSum(ctx, st, cancels) }),
		method(count, false, true, func(ctx context.Context, st serverStream) error {
			request, err := st.Recv(ctx)
			if err != nil {
				return err
			}
			return serveCount(ctx, request, st, cancels)
		}),
	}
}

// withCaller adds what a handler asks of Kitex's description of the call.
func withCaller(ctx context.Context, method string) context.Context {
	md, _ := metadata.FromIncomingContext(ctx)
	first := func(key string) string {
		if values := md.Get(key); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	from := rpcinfo.NewEndpointInfo(first("source-service"), first("source-method"), nil, nil)
	to := rpcinfo.NewEndpointInfo(serverName, method, nil, nil)
	info := rpcinfo.NewRPCInfo(from, to, rpcinfo.NewInvocation(first("destination-service"), method), rpcinfo.NewRPCConfig(), nil)
	return rpcinfo.NewCtxWithRPCInfo(metainfo.WithBackwardValues(ctx), info)
}

// asGoogle turns the failures of the shared handlers into what Kitex's server makes of them on gRPC.
func asGoogle(err error, setTrailer func(metadata.MD)) error {
	if err == nil {
		return nil
	}
	var carrier interface{ GRPCStatus() *kitexstatus.Status }
	if biz, found := kerrors.FromBizStatusError(err); found {
		trailer := metadata.Pairs("biz-status", fmt.Sprint(biz.BizStatusCode()))
		if extra, fault := json.Marshal(biz.BizExtra()); fault == nil && len(biz.BizExtra()) > 0 {
			trailer.Set("biz-extra", string(extra))
		}
		setTrailer(trailer)
		return status.Error(codes.Internal, biz.BizMessage())
	}
	if errors.As(err, &carrier) {
		return status.FromProto(carrier.GRPCStatus().Proto()).Err()
	}
	var typed *remote.TransError
	if errors.As(err, &typed) {
		return status.Error(codes.Code(typed.TypeID()), err.Error())
	}
	return status.Error(codes.Internal, err.Error())
}
