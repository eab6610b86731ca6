package main

import (
	"bytes"
	"context"

	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"

	"sluice.io/interop/kitex/kitex_gen/interoppb"
	interoppbservice "sluice.io/interop/kitex/kitex_gen/interoppb/interoppb"
)

// twinService is a name that the server does not have: it finds the service by the method.
const twinService = "TwinService"

func codecCases() []testCase {
	return []testCase{
		{"two-codecs", "Thrift and Protobuf calls in turn under one service name", onTTHeader, caseTwoCodecs(false)},
		{"two-codecs-nameless", "Thrift and Protobuf calls in turn without a service name", onFamily(pingPong), caseTwoCodecs(true)},
	}
}

// textArguments is the Thrift struct {1: "twin"}, textResult {0: "twin"}.
var (
	textArguments = []byte("\x0b\x00\x01\x00\x00\x00\x04twin\x00")
	textResult    = []byte("\x0b\x00\x00\x00\x00\x00\x04twin\x00")
)

func caseTwoCodecs(nameless bool) func(*env, *outcome) {
	return func(e *env, o *outcome) {
		const rounds = 10
		m := manner{connections: 1, nameless: nameless}
		thrift, err := genericclient.NewClient(
			twinService, generic.BinaryThriftGenericV2(twinService), e.transport.options(e.addr, m, e.dialer)...)
		if !o.succeed(err) {
			return
		}
		defer thrift.Close()
		messages := *transportNamed("kitexpb-ttheader-framed", transports)
		messages.mux = e.transport.mux
		protobuf, err := interoppbservice.NewClient(twinService, messages.options(e.addr, m, e.dialer)...)
		if !o.succeed(err) {
			return
		}
		for i := 0; i < rounds; i++ {
			reply, err := thrift.GenericCall(context.Background(), "Text", textArguments, e.withTimeout())
			if o.succeed(err) {
				o.check(bytes.Equal(reply.([]byte), textResult), "the Thrift reply is %x", reply)
			}
			report, err := protobuf.LastCancelPb(
				context.Background(), &interoppb.CancelKey{Key: uniqueKey()}, e.withTimeout())
			if o.succeed(err) {
				o.check(!report.Started, "the Protobuf reply is %v", report)
			}
		}
		o.Result = map[string]int{"rounds": rounds}
	}
}
