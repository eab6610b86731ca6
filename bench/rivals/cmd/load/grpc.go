package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/http2/hpack"

	"sluice.io/bench/rivals/internal/h2"
)

const (
	// giveBack is after how many bytes the connection's window is renewed.
	giveBack = 1 << 20
	// lengthPrefix stands before a gRPC message.
	lengthPrefix = 5
	// hpackTable is the size of HPACK's dynamic table unless a peer wants a smaller one.
	hpackTable = 4096
	// settingTable is the setting by which it does.
	settingTable = 1
)

// requestHead is what grpc-go writes.
var requestHead = []h2.Field{
	{Name: ":method", Value: "POST"},
	{Name: ":scheme", Value: "http"},
	{Name: ":path", Value: "/bench.Echo/echo"},
	{Name: ":authority", Value: "bench.downstream"},
	{Name: "content-type", Value: "application/grpc"},
	{Name: "user-agent", Value: "grpc-go/1.85.0"},
	{Name: "te", Value: "trailers"},
}

// grpc has one call under way in each slot, each on a stream of its own; or a stream for each slot that
// stays open, with one message under way.
type grpc struct {
	w     *worker
	long  bool
	slots []slot
	of    []stream // of each slot
	byID  map[uint32]int

	ready     bool // the peer has said its settings
	indexed   bool // the header list is in the peer's table
	plain     bool // the peer wants no table
	lastID    uint32
	window    int64
	initial   int64
	consumed  uint32
	waiting   []int // slots whose message the windows hold back
	decoder   *hpack.Decoder
	status    string // of the header list that is being read
	http      string
	fragments []byte // of a header list that is not complete
}

// stream is the HTTP/2 stream that a slot uses.
type stream struct {
	id       uint32
	window   int64
	consumed uint32
}

func newGRPC(w *worker, number, streams, body int, long bool) *grpc {
	g := &grpc{w: w, long: long, of: make([]stream, streams)}
	for i := range streams {
		message := make([]byte, lengthPrefix, lengthPrefix+body)
		binary.BigEndian.PutUint32(message[1:], uint32(body))
		message = append(message, filler(body)...)
		g.slots = append(g.slots, newSlot(number, i, message, message[lengthPrefix:]))
	}
	return g
}

func (g *grpc) open(c *conn) {
	g.byID = map[uint32]int{}
	g.ready, g.indexed, g.plain, g.lastID, g.consumed = false, false, false, 0, 0
	g.window, g.initial = h2.DefaultWindow, h2.DefaultWindow
	g.waiting, g.fragments = g.waiting[:0], nil
	g.decoder = hpack.NewDecoder(hpackTable, func(f hpack.HeaderField) {
		switch f.Name {
		case "grpc-status":
			g.status = f.Value
		case ":status":
			g.http = f.Value
		}
	})
	for i := range g.slots {
		// As if it had begun: a peer that never says its settings is overdue.
		g.slots[i].started = time.Now()
	}
	c.request = h2.AppendGreeting(append(c.request, h2.Preface...))
}

// begin opens the stream of a slot.
func (g *grpc) begin(c *conn, i int) {
	if g.lastID == 0 {
		g.lastID = 1
	} else {
		g.lastID += 2
	}
	s := &g.of[i]
	*s = stream{id: g.lastID, window: g.initial}
	g.byID[s.id] = i
	at := len(c.request)
	c.request = h2.AppendHead(c.request, 0, h2.Headers, h2.EndHeaders, s.id)
	switch {
	case g.plain:
		c.request = h2.AppendPlain(c.request, requestHead)
	case g.indexed:
		c.request = h2.AppendAgain(c.request, requestHead)
	default:
		c.request = h2.AppendIndexed(c.request, requestHead)
		g.indexed = true
	}
	// A header list of these is shorter than 256 bytes.
	c.request[at+2] = byte(len(c.request) - at - h2.FrameHead)
	g.say(c, i)
}

// say sends the next message of a slot, or has it wait for the windows.
func (g *grpc) say(c *conn, i int) {
	g.slots[i].next()
	if len(g.waiting) > 0 || !g.write(c, i) {
		g.waiting = append(g.waiting, i)
	}
}

func (g *grpc) write(c *conn, i int) bool {
	s, message := &g.of[i], g.slots[i].message
	size := int64(len(message))
	if size > g.window || size > s.window {
		return false
	}
	g.window -= size
	s.window -= size
	flags := byte(h2.EndStream)
	if g.long {
		flags = 0
	}
	c.request = h2.AppendFrame(c.request, h2.Data, flags, s.id, message)
	return true
}

// resume writes what the windows allow by now.
func (g *grpc) resume(c *conn) {
	still := g.waiting[:0]
	for _, i := range g.waiting {
		if !g.write(c, i) {
			still = append(still, i)
		}
	}
	g.waiting = still
}

func (g *grpc) take(c *conn, in []byte) (int, error) {
	done := 0
	for {
		f, err := h2.Next(in[done:])
		if err != nil {
			return done, err
		}
		if f.Size == 0 {
			break
		}
		done += f.Size
		if err := g.frame(c, f); err != nil {
			return done, err
		}
	}
	if g.consumed >= giveBack {
		c.request = h2.AppendWindowUpdate(c.request, 0, g.consumed)
		g.consumed = 0
	}
	return done, nil
}

func (g *grpc) frame(c *conn, f h2.Frame) error {
	switch f.Type {
	case h2.Data:
		return g.data(c, f)
	case h2.Headers, h2.Continuation:
		if !f.Has(h2.EndHeaders) {
			g.fragments = append(g.fragments, f.Payload...)
			return nil
		}
		return g.headers(c, f)
	case h2.RstStream:
		// NO_ERROR after the end of a call only asks to send no more.
		if _, open := g.byID[f.Stream]; open {
			return fmt.Errorf("stream reset with code %x", f.Payload)
		}
	case h2.GoAway:
		return fmt.Errorf("the peer closes: %.80q", f.Payload)
	case h2.Settings:
		g.settings(c, f)
	case h2.Ping:
		if !f.Has(h2.Ack) {
			c.request = h2.AppendFrame(c.request, h2.Ping, h2.Ack, 0, f.Payload)
		}
	case h2.WindowUpdate:
		if f.Stream == 0 {
			g.window += h2.Increment(f.Payload)
		} else if i, open := g.byID[f.Stream]; open {
			g.of[i].window += h2.Increment(f.Payload)
		}
		if len(g.waiting) > 0 {
			g.resume(c)
		}
	}
	return nil
}

func (g *grpc) settings(c *conn, f h2.Frame) {
	if f.Has(h2.Ack) {
		return
	}
	c.request = h2.AppendFrame(c.request, h2.Settings, h2.Ack, 0, nil)
	g.plain = g.plain || h2.Setting(f.Payload, settingTable, hpackTable) < hpackTable
	initial := int64(h2.Setting(f.Payload, h2.InitialWindowSize, uint32(g.initial)))
	for i := range g.of {
		g.of[i].window += initial - g.initial
	}
	g.initial = initial
	if !g.ready {
		g.ready = true
		for i := range g.slots {
			g.begin(c, i)
		}
	}
}

func (g *grpc) data(c *conn, f h2.Frame) error {
	g.consumed += uint32(f.Counted)
	i, open := g.byID[f.Stream]
	if !open || !g.slots[i].came(f.Payload) {
		return fmt.Errorf("%w: %.80q", errNotExpected, f.Payload)
	}
	if f.Has(h2.EndStream) {
		return errors.New("a stream that ends without a status")
	}
	s := &g.of[i]
	if s.consumed += uint32(f.Counted); s.consumed >= h2.MaxWindow/2 {
		c.request = h2.AppendWindowUpdate(c.request, s.id, s.consumed)
		s.consumed = 0
	}
	if g.long && g.slots[i].at == len(g.slots[i].message) {
		g.w.done(&g.slots[i])
		if g.w.phase.Load() != phaseDrain {
			g.say(c, i)
		} else {
			g.slots[i].end()
			c.request = h2.AppendFrame(c.request, h2.Data, h2.EndStream, s.id, nil)
		}
	}
	return nil
}

func (g *grpc) headers(c *conn, f h2.Frame) error {
	block := f.Payload
	if len(g.fragments) > 0 {
		block = append(g.fragments, block...)
		g.fragments = nil
	}
	g.status, g.http = "", ""
	if _, err := g.decoder.Write(block); err != nil {
		return err
	}
	if err := g.decoder.Close(); err != nil {
		return err
	}
	if g.http != "" && g.http != "200" {
		return fmt.Errorf("HTTP status %s", g.http)
	}
	i, open := g.byID[f.Stream]
	if !f.Has(h2.EndStream) || !open {
		return nil
	}
	delete(g.byID, f.Stream)
	s := &g.slots[i]
	if g.status != "0" || g.long && !s.ending || s.at < len(s.message) {
		return fmt.Errorf("%w: grpc-status %q after %d of %d bytes", errNotExpected, g.status, s.at, len(s.message))
	}
	if s.ending {
		s.started = time.Time{}
		return nil
	}
	g.w.done(s)
	if g.w.phase.Load() != phaseDrain {
		g.begin(c, i)
	}
	return nil
}

func (g *grpc) busy() bool { return busySlots(g.slots) }

func (g *grpc) overdue(before time.Time) bool { return overdueSlots(g.slots, before) }
