package main

import (
	"errors"

	"sluice.io/bench/rivals/internal/h2"
)

// giveBack is after how many bytes the connection's window is renewed.
const giveBack = 1 << 20

var errH2 = errors.New("a caller that is not HTTP/2")

// What every call is answered with, whatever it is. Callers' header lists are not even decoded.
var (
	responseHead = h2.AppendPlain([]byte{0x88}, []h2.Field{{Name: "content-type", Value: "application/grpc"}})
	responseEnd  = h2.AppendPlain(nil, []h2.Field{{Name: "grpc-status", Value: "0"}, {Name: "grpc-message", Value: ""}})
)

// h2Conn answers gRPC calls of one connection: each message is sent back.
type h2Conn struct {
	greeted  bool
	streams  map[uint32]*h2Stream
	waiting  []*h2Stream // those with bytes that the windows hold back
	window   int64       // bytes that the connection may be sent
	initial  int64       // bytes that a new stream may be sent
	consumed uint32      // bytes to give back
	spare    []*h2Stream
}

type h2Stream struct {
	id       uint32
	window   int64
	consumed uint32
	headSent bool
	ended    bool // the caller has half-closed
	waits    bool
	pending  []byte
}

func newH2Conn() *h2Conn {
	return &h2Conn{streams: map[uint32]*h2Stream{}, window: h2.DefaultWindow, initial: h2.DefaultWindow}
}

// answer takes the whole frames of in and appends the answers to out. It returns how many bytes it has
// taken.
func (c *h2Conn) answer(in, out []byte) (int, []byte, error) {
	done := 0
	if !c.greeted {
		if len(in) < len(h2.Preface) {
			return 0, out, nil
		}
		if string(in[:len(h2.Preface)]) != h2.Preface {
			return 0, out, errH2
		}
		c.greeted = true
		done = len(h2.Preface)
		out = h2.AppendGreeting(out)
	}
	for {
		f, err := h2.Next(in[done:])
		if err != nil || f.Size == 0 {
			break
		}
		out = c.frame(f, out)
		done += f.Size
	}
	if c.consumed >= giveBack {
		out = h2.AppendWindowUpdate(out, 0, c.consumed)
		c.consumed = 0
	}
	return done, out, nil
}

func (c *h2Conn) frame(f h2.Frame, out []byte) []byte {
	switch f.Type {
	case h2.Headers:
		s := c.open(f.Stream)
		if f.Has(h2.EndStream) {
			s.ended = true
			out = c.send(s, nil, out)
		}
	case h2.Data:
		c.consumed += uint32(f.Counted)
		s := c.streams[f.Stream]
		if s == nil {
			break
		}
		s.ended = s.ended || f.Has(h2.EndStream)
		if s.consumed += uint32(f.Counted); s.consumed >= h2.MaxWindow/2 {
			out = h2.AppendWindowUpdate(out, s.id, s.consumed)
			s.consumed = 0
		}
		out = c.send(s, f.Payload, out)
	case h2.RstStream:
		c.close(c.streams[f.Stream])
	case h2.Settings:
		if f.Has(h2.Ack) {
			break
		}
		initial := int64(h2.Setting(f.Payload, h2.InitialWindowSize, uint32(c.initial)))
		for _, s := range c.streams {
			s.window += initial - c.initial
		}
		c.initial = initial
		out = h2.AppendFrame(out, h2.Settings, h2.Ack, 0, nil)
		out = c.resume(out)
	case h2.Ping:
		if !f.Has(h2.Ack) {
			out = h2.AppendFrame(out, h2.Ping, h2.Ack, 0, f.Payload)
		}
	case h2.WindowUpdate:
		if f.Stream == 0 {
			c.window += h2.Increment(f.Payload)
		} else if s := c.streams[f.Stream]; s != nil {
			s.window += h2.Increment(f.Payload)
		}
		if len(c.waiting) > 0 {
			out = c.resume(out)
		}
	}
	return out
}

func (c *h2Conn) open(id uint32) *h2Stream {
	if s := c.streams[id]; s != nil {
		return s // Trailers of a request.
	}
	s := &h2Stream{}
	if n := len(c.spare); n > 0 {
		s, c.spare = c.spare[n-1], c.spare[:n-1]
	}
	*s = h2Stream{id: id, window: c.initial, pending: s.pending[:0]}
	c.streams[id] = s
	return s
}

func (c *h2Conn) close(s *h2Stream) {
	if s == nil {
		return
	}
	delete(c.streams, s.id)
	if s.waits {
		s.pending, s.ended = nil, false // Stays in the list of those that wait, with nothing to say.
	} else {
		c.spare = append(c.spare, s)
	}
}

// send sends what is allowed at once, and the rest when it is.
func (c *h2Conn) send(s *h2Stream, payload, out []byte) []byte {
	if !s.headSent {
		s.headSent = true
		out = h2.AppendFrame(out, h2.Headers, h2.EndHeaders, s.id, responseHead)
	}
	size := int64(len(payload))
	if s.waits || size > c.window || size > s.window {
		s.pending = append(s.pending, payload...)
		if !s.waits {
			s.waits = true
			c.waiting = append(c.waiting, s)
		}
		return out
	}
	if size > 0 {
		out = h2.AppendFrame(out, h2.Data, 0, s.id, payload)
		c.window -= size
		s.window -= size
	}
	return c.finish(s, out)
}

func (c *h2Conn) finish(s *h2Stream, out []byte) []byte {
	if !s.ended {
		return out
	}
	out = h2.AppendFrame(out, h2.Headers, h2.EndHeaders|h2.EndStream, s.id, responseEnd)
	c.close(s)
	return out
}

// resume sends of what waits as much as the windows allow.
func (c *h2Conn) resume(out []byte) []byte {
	still := c.waiting[:0]
	for _, s := range c.waiting {
		for len(s.pending) > 0 {
			n := min(int64(len(s.pending)), c.window, s.window, h2.MaxPayload)
			if n <= 0 {
				break
			}
			out = h2.AppendFrame(out, h2.Data, 0, s.id, s.pending[:n])
			c.window -= n
			s.window -= n
			s.pending = append(s.pending[:0], s.pending[n:]...)
		}
		if len(s.pending) > 0 {
			still = append(still, s)
			continue
		}
		s.waits = false
		out = c.finish(s, out)
	}
	c.waiting = still
	return out
}
