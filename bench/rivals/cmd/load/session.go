package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"sluice.io/bench/rivals/internal/wire"
)

// session is what a connection speaks on which many calls are under way at once. Of what it has to say
// it appends to the connection's bytes to send.
type session interface {
	// open is called once the connection is there.
	open(c *conn)
	// take reads what has come whole and returns how many bytes that was.
	take(c *conn, in []byte) (int, error)
	// busy tells whether a call is under way.
	busy() bool
	// overdue tells whether a call has been under way since before that time.
	overdue(before time.Time) bool
}

// slot has one call under way, or one message of a stream that stays open.
type slot struct {
	calls   uint64
	started time.Time // zero: nothing is under way
	message []byte    // what is sent and must come back; the number of the call is patched in
	number  []byte    // 24 hex digits of message
	at      int       // bytes of it that have come back
	ending  bool      // its stream is to end, and nothing else comes
}

// newSlot makes the slot's first 8 hex digits.
func newSlot(conn, index int, message, argument []byte) slot {
	putHex(argument[:8], uint64(conn)<<12|uint64(index))
	return slot{message: message, number: argument[:minBody]}
}

// next makes the next message.
func (s *slot) next() {
	s.calls++
	s.at, s.ending = 0, false
	s.started = time.Now()
	putHex(s.number[8:], s.calls)
}

// came compares a part of what is to come back; false if it is something else.
func (s *slot) came(part []byte) bool {
	end := s.at + len(part)
	if s.started.IsZero() || end > len(s.message) || !bytes.Equal(part, s.message[s.at:end]) {
		return false
	}
	s.at = end
	return true
}

func busySlots(slots []slot) bool {
	for i := range slots {
		if !slots[i].started.IsZero() {
			return true
		}
	}
	return false
}

func overdueSlots(slots []slot, before time.Time) bool {
	for i := range slots {
		if s := slots[i].started; !s.IsZero() && s.Before(before) {
			return true
		}
	}
	return false
}

// end marks the slot's stream as one that is to end, which may take as long as a call.
func (s *slot) end() {
	s.ending = true
	s.started = time.Now()
}

// done counts a message that came back as it should.
func (w *worker) done(s *slot) {
	if w.phase.Load() == phaseMeasure {
		w.latencies.Record(time.Since(s.started))
	}
	s.started = time.Time{}
}

var errNotExpected = errors.New("not what was expected")

// takeSession hands to the session what has come, and sends what it has to say. False means that the
// connection was given up.
func (w *worker) takeSession(c *conn) bool {
	n, err := c.session.take(c, c.in[:c.fill])
	if err != nil {
		if errors.Is(err, errNotExpected) {
			w.mismatches++
		}
		w.fail(c, err.Error())
		return false
	}
	c.fill = copy(c.in, c.in[n:c.fill])
	if c.fill == len(c.in) {
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	return w.flush(c)
}

// flush sends what a session has said.
func (w *worker) flush(c *conn) bool {
	if c.sent < len(c.request) && !w.write(c) {
		return false
	}
	if c.sent == len(c.request) {
		c.request, c.sent = c.request[:0], 0
	}
	return true
}

// ttstream keeps streams open, each with one message under way.
type ttstream struct {
	w     *worker
	slots []slot
	first int32 // the id of the first stream
}

func newTTStream(w *worker, number, streams, body int) *ttstream {
	t := &ttstream{w: w, first: int32(number)<<12 + 1}
	for i := range streams {
		argument := filler(body)
		// The bare struct with one string.
		message := wire.AppendMessage(nil, wire.Call, "", 0, 1, argument)[wire.SeqOffset("")+4:]
		at := bytes.Index(message, argument)
		t.slots = append(t.slots, newSlot(number, i, message, message[at:at+body]))
	}
	return t
}

func (t *ttstream) open(c *conn) {
	for i := range t.slots {
		id := t.first + int32(i)
		c.request = wire.AppendStreamFrame(c.request, id, wire.StreamHeader, "EchoStream", method, nil)
		t.say(c, i)
	}
}

func (t *ttstream) say(c *conn, i int) {
	s := &t.slots[i]
	s.next()
	c.request = wire.AppendStreamFrame(c.request, t.first+int32(i), wire.StreamData, "", method, s.message)
}

func (t *ttstream) take(c *conn, in []byte) (int, error) {
	done := 0
	for {
		f, err := wire.NextStream(in[done:])
		if err != nil || f.Size == 0 {
			return done, err
		}
		done += f.Size
		i := int(f.ID - t.first)
		switch {
		case i < 0 || i >= len(t.slots):
			return done, fmt.Errorf("%w: stream %d", errNotExpected, f.ID)
		case f.Type == wire.StreamHeader:
		case f.Type == wire.StreamTrailer && len(f.Payload) == 0 && t.slots[i].ending:
			t.slots[i].started = time.Time{}
		case f.Type != wire.StreamData:
			return done, fmt.Errorf("stream ended: %.120q", f.Payload)
		case !t.slots[i].came(f.Payload) || t.slots[i].at < len(t.slots[i].message):
			return done, fmt.Errorf("%w: %.80q", errNotExpected, f.Payload)
		default:
			t.w.done(&t.slots[i])
			if t.w.phase.Load() != phaseDrain {
				t.say(c, i)
			} else {
				t.slots[i].end()
				c.request = wire.AppendStreamFrame(c.request, f.ID, wire.StreamTrailer, "", method, nil)
			}
		}
	}
}

func (t *ttstream) busy() bool { return busySlots(t.slots) }

func (t *ttstream) overdue(before time.Time) bool { return overdueSlots(t.slots, before) }
