package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/cloudwego/gopkg/protocol/thrift"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/codes"
	"github.com/cloudwego/kitex/pkg/remote/trans/nphttp2/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Kinds of failure that a handler raises on demand.
const (
	failPlain       = "plain"
	failTyped       = "typed"
	failApplication = "application-exception"
	failBiz         = "biz"
	failBizNoExtra  = "biz-no-extra"
	failBizGRPC     = "biz-grpc-status"
	failGRPCStatus  = "grpc-status"
	failPanic       = "panic"
	// failExit ends the server's process.
	failExit = "exit"
	// endEarly is no failure: the stream ends with success before the caller's half-close.
	endEarly = "end"
)

// Business statuses that the server answers with.
const (
	bizCode         = 7001
	bizMessage      = "業務エラー é"
	bizCodeNoExtra  = -7002
	bizNoExtraText  = "business refusal without extra"
	bizCodeGRPC     = 7003
	bizGRPCText     = "business refusal with a gRPC status"
	plainText       = "plain failure"
	typedText       = "typed failure"
	applicationText = "application exception of the handler"
	grpcStatusText  = "no such thing: 無い"
	grpcDetail      = "detail of the status"
	panicText       = "deliberate panic"
)

func bizExtra() map[string]string {
	return map[string]string{"reason": "quota", "unit": "calls \"per\" second, é"}
}

// fail returns the error of that kind, or panics.
func fail(kind string) error {
	switch kind {
	case failPlain:
		return errors.New(plainText)
	case failTyped:
		return remote.NewTransErrorWithMsg(typedErrorID, typedText)
	case failApplication:
		return thrift.NewApplicationException(typedErrorID, applicationText)
	case failBiz:
		return kerrors.NewBizStatusErrorWithExtra(bizCode, bizMessage, bizExtra())
	case failBizNoExtra:
		return kerrors.NewBizStatusError(bizCodeNoExtra, bizNoExtraText)
	case failBizGRPC:
		err := kerrors.NewGRPCBizStatusErrorWithExtra(bizCodeGRPC, bizGRPCText, bizExtra())
		err.(kerrors.GRPCStatusIface).SetGRPCStatus(status.New(codes.FailedPrecondition, bizGRPCText))
		return err
	case failGRPCStatus:
		detailed, err := status.New(codes.NotFound, grpcStatusText).WithDetails(wrapperspb.String(grpcDetail))
		if err != nil {
			return err
		}
		return detailed.Err()
	case failPanic:
		panic(panicText)
	case failExit:
		os.Exit(3)
		return nil
	default:
		return fmt.Errorf("unknown kind of failure %q", kind)
	}
}
