package main

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bytedance/gopkg/cloud/metainfo"

	"sluice.io/interop/kitex/kitex_gen/interop"
)

// pingPongHandler implements InteropService.
type pingPongHandler struct {
	mu    sync.Mutex
	fired map[string]int64
	total int64
	blobs atomic.Int64
	// streams is the log of the streaming handlers.
	streams *cancelLog
}

func newPingPongHandler(streams *cancelLog) *pingPongHandler {
	return &pingPongHandler{fired: map[string]int64{}, streams: streams}
}

func (h *pingPongHandler) Echo(_ context.Context, r *interop.Rich) (*interop.Rich, error) {
	return r, nil
}

func (h *pingPongHandler) Void(context.Context, string) error {
	return nil
}

func (h *pingPongHandler) EmptyStruct(_ context.Context, e *interop.Empty) (*interop.Empty, error) {
	return e, nil
}

func (h *pingPongHandler) Text(_ context.Context, s string) (string, error) {
	return s, nil
}

func (h *pingPongHandler) Blob(_ context.Context, b []byte) ([]byte, error) {
	h.blobs.Add(1)
	return b, nil
}

func (h *pingPongHandler) Throws(_ context.Context, s string) (string, error) {
	if s == "" {
		return "no exception", nil
	}
	return "", &interop.DeclaredException{Code: 42, Message: s, Detail: map[string]string{"declared": "yes"}}
}

func (h *pingPongHandler) Fail(_ context.Context, kind string) (string, error) {
	return "", fail(kind)
}

func (h *pingPongHandler) Inspect(ctx context.Context, s string) (*interop.Seen, error) {
	metainfo.SendBackwardValue(ctx, backwardKey, backwardValue)
	return observe(ctx), nil
}

// Sleep does not look at its context, so that the caller's own timer always fires first.
func (h *pingPongHandler) Sleep(_ context.Context, millis int32) (string, error) {
	time.Sleep(time.Duration(millis) * time.Millisecond)
	return "slept", nil
}

func (h *pingPongHandler) Fire(_ context.Context, key string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fired[strings.Clone(key)]++
	h.total++
	return nil
}

func (h *pingPongHandler) Fired(_ context.Context, key string) (int64, error) {
	switch key {
	case blobsKey:
		return h.blobs.Load(), nil
	case streamsKey:
		return h.streams.open.Load(), nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if key == "" {
		return h.total, nil
	}
	return h.fired[key], nil
}
