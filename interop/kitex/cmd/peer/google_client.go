package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"
	"github.com/cloudwego/kitex/client/callopt"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2"
	kitexmetadata "github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/metadata"
	"github.com/cloudwego/kitex/pkg/streaming"
	google "google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"sluice.io/interop/kitex/kitex_gen/interop"
	"sluice.io/interop/kitex/kitex_gen/interoppb"
)

// googleClient is Google's client for InteropStream or InteropPb.
type googleClient struct {
	conn     *google.ClientConn
	service  string
	protobuf bool
}

func newGoogleClient(addr string, protobuf bool) (*googleClient, error) {
	conn, err := google.NewClient("passthrough:///"+addr,
		google.WithTransportCredentials(insecure.NewCredentials()),
		google.WithDefaultCallOptions(google.MaxCallRecvMsgSize(64<<20)))
	c := &googleClient{conn: conn, service: streamDestination, protobuf: protobuf}
	if protobuf {
		c.service = pbPackage + "." + pbDestination
	}
	return c, err
}

// pick returns the name of a method in the IDL that the client speaks.
func (c *googleClient) pick(ofThrift, ofProtobuf string) string {
	if c.protobuf {
		return "/" + c.service + "/" + ofProtobuf
	}
	return "/" + c.service + "/" + ofThrift
}

func (c *googleClient) options(ctx context.Context) []google.CallOption {
	var options []google.CallOption
	if !c.protobuf {
		options = append(options, google.CallContentSubtype(thriftCodec{}.Name()))
	}
	if compressed(ctx) {
		options = append(options, google.UseCompressor("gzip"))
	}
	return options
}

// outgoing adds the caller's name, and the metadata that the cases set for Kitex.
func outgoing(ctx context.Context) context.Context {
	md := metadata.Pairs("source-service", callerName, "source-method", callerMethod)
	if more, found := kitexmetadata.FromOutgoingContext(ctx); found {
		md = metadata.Join(md, metadata.MD(more))
	}
	header := metainfo.HTTPHeader{}
	metainfo.ToHTTPHeader(ctx, header)
	for key, values := range header {
		md.Append(key, values...)
	}
	return metadata.NewOutgoingContext(ctx, md)
}

func (c *googleClient) open(ctx context.Context, method string, clients, servers bool) (googleClientStream, error) {
	desc := &google.StreamDesc{ClientStreams: clients, ServerStreams: servers}
	st, err := c.conn.NewStream(outgoing(ctx), desc, method, c.options(ctx)...)
	return googleClientStream{st}, err
}

func (c *googleClient) stream(ctx context.Context, method string, clients, servers bool) (clientStream, error) {
	st, err := c.open(ctx, method, clients, servers)
	if err != nil {
		return nil, err
	}
	if c.protobuf {
		return protobufClientStream(st, nil)
	}
	return thriftClientStream(streaming.ClientStream(st), nil)
}

func (c *googleClient) Chat(ctx context.Context) (clientStream, error) {
	return c.stream(ctx, c.pick("Echo", "Chat"), true, true)
}

func (c *googleClient) Sum(ctx context.Context) (clientStream, error) {
	return c.stream(ctx, c.pick("Sum", "Gather"), true, false)
}

func (c *googleClient) Count(ctx context.Context, m *interop.Msg) (clientStream, error) {
	st, err := c.stream(ctx, c.pick("Count", "Emit"), false, true)
	if err != nil {
		return nil, err
	}
	if err := st.Send(ctx, m); err != nil {
		return nil, err
	}
	return st, st.CloseSend(ctx)
}

// invoke makes a unary call. The options of Kitex do not count: the context has the deadline.
func (c *googleClient) invoke(ctx context.Context, method string, request, reply any) error {
	var header, trailer metadata.MD
	options := append(c.options(ctx), google.Header(&header), google.Trailer(&trailer))
	err := c.conn.Invoke(outgoing(ctx), method, request, reply, options...)
	if kept := nphttp2.GetHeaderMetadataFromCtx(ctx); kept != nil {
		*kept = kitexmetadata.MD(header)
	}
	if kept := nphttp2.GetTrailerMetadataFromCtx(ctx); kept != nil {
		*kept = kitexmetadata.MD(trailer)
	}
	return businessOr(err, func() metadata.MD { return trailer })
}

func (c *googleClient) Unary(ctx context.Context, m *interop.Msg, _ ...callopt.Option) (*interop.Msg, error) {
	if c.protobuf {
		reply := &interoppb.Msg{}
		if err := c.invoke(ctx, c.pick("", "Echo"), toProtobuf(m), reply); err != nil {
			return nil, err
		}
		return fromProtobuf(reply), nil
	}
	result := &interop.InteropStreamPingResult{}
	err := c.invoke(ctx, c.pick("Ping", ""), &interop.InteropStreamPingArgs{M: m}, result)
	return result.Success, err
}

func (c *googleClient) LastCancel(ctx context.Context, key string, _ ...callopt.Option) (*interop.CancelReport, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if c.protobuf {
		reply := &interoppb.CancelReport{}
		if err := c.invoke(ctx, c.pick("", "LastCancelPb"), &interoppb.CancelKey{Key: key}, reply); err != nil {
			return nil, err
		}
		report := interop.CancelReport(*reply)
		return &report, nil
	}
	result := &interop.InteropStreamLastCancelResult{}
	err := c.invoke(ctx, c.pick("LastCancel", ""), &interop.InteropStreamLastCancelArgs{Key: key}, result)
	return result.Success, err
}

// unknown calls a method that there is not, with one empty message.
func (c *googleClient) unknown(ctx context.Context, service string, k kind) error {
	st, err := c.open(ctx, "/"+service+"/"+absentMethod, k.sendsMany(), k.receivesMany())
	if err != nil {
		return err
	}
	var empty, reply any = &interoppb.Msg{}, &interoppb.Msg{}
	if !c.protobuf {
		empty, reply = &interop.Empty{}, &interop.Empty{}
	}
	if err := st.SendMsg(ctx, empty); err == nil {
		_ = st.CloseSend(ctx)
	}
	return st.RecvMsg(ctx, reply)
}

// extraOf is the extra of a business status in trailers.
func extraOf(trailer metadata.MD) map[string]string {
	values := trailer.Get("biz-extra")
	if len(values) == 0 {
		return nil
	}
	var extra map[string]string
	if json.Unmarshal([]byte(values[0]), &extra) != nil {
		return map[string]string{"unreadable": values[0]}
	}
	return extra
}
