package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"sluice.io/bench/rivals/internal/histogram"
	"sluice.io/bench/rivals/internal/rawio"
	"sluice.io/bench/rivals/internal/wire"
)

// Phases of a run, in order.
const (
	phaseWarmup = iota
	phaseMeasure
	phaseDrain
)

const (
	method = "echo"
	// minBody holds the connection's number and the call's, 8 and 16 hex digits.
	minBody = 24
	// sweepEvery is how often overdue calls and closed connections are seen to.
	sweepEvery = 100 * time.Millisecond
	wakeEvent  = -1
)

// conn is one connection and the call under way on it, or the session of those under way.
type conn struct {
	fd      int // -1: not connected
	dialing bool
	calls   uint64 // number of the call under way
	started time.Time

	request  []byte // the whole frame; the call's number and seq id are patched in
	sent     int
	argument []byte // its argument, part of request
	expected []byte // the whole message of the reply
	value    []byte // its value, part of expected
	in       []byte
	fill     int
	session  session // nil: one call at a time
	parked   bool    // its next call waits until the worker is resumed
}

// worker drives its share of the connections on one thread.
type worker struct {
	epoll     int
	target    unix.SockaddrInet4
	transport wire.Transport
	timeout   time.Duration
	phase     *atomic.Int32
	paused    atomic.Bool
	wake      int // an eventfd, whose event has the number wakeEvent
	conns     []*conn

	latencies  histogram.Histogram
	errors     uint64
	mismatches uint64
	firstError string
}

func newWorker(number, connections int, target unix.SockaddrInet4, kind protocol, body int, timeout time.Duration, phase *atomic.Int32) (*worker, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	woken := unix.EpollEvent{Events: unix.EPOLLIN, Fd: wakeEvent}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &woken); err != nil {
		return nil, err
	}
	w := &worker{epoll: epoll, target: target, transport: kind.transport, timeout: timeout, phase: phase, wake: wake}
	for i := range connections {
		if kind.streams == 0 {
			w.conns = append(w.conns, newConn(number<<16|i, kind, body))
			continue
		}
		w.conns = append(w.conns, &conn{
			fd:      -1,
			session: kind.session(w, number<<16|i, body),
			in:      make([]byte, 64<<10),
		})
	}
	return w, nil
}

// filler is an argument of so many bytes.
func filler(body int) []byte {
	return bytes.Repeat([]byte("sluice bench "), body/13+1)[:body]
}

func newConn(number int, kind protocol, body int) *conn {
	transport := kind.transport
	argument := filler(body)
	putHex(argument[:8], uint64(number))

	// What a Kitex client writes beside the message.
	info := wire.Info{Service: "Echo", Key: kind.key, Pairs: []wire.Pair{{Key: 1, Value: "framed"}, {Key: 3, Value: "bench"}, {Key: 6, Value: "echo"}, {Key: 9, Value: method}, {Key: 22, Value: "1"}}}
	if transport == wire.TTHeader {
		info.Pairs[0].Value = "unframed"
	}
	message := wire.AppendMessage(nil, wire.Call, method, 0, 1, argument)
	request := wire.AppendFramed(nil, transport, 0, info, message)
	value := wire.ValueOffset(method)
	expected := wire.AppendMessage(nil, wire.Reply, method, 0, 0, argument)
	return &conn{
		fd:       -1,
		request:  request,
		argument: request[len(request)-len(message)+value:][:body],
		expected: expected,
		value:    expected[value:][:body],
		in:       make([]byte, 2*len(request)+4096),
	}
}

// nextCall makes the next request and the reply to expect.
func (c *conn) nextCall(transport wire.Transport) {
	c.calls++
	seq := uint32(c.calls) & 0x7fffffff
	header := len(c.request) - len(c.expected) // call and reply are of one length
	binary.BigEndian.PutUint32(c.request[header+wire.SeqOffset(method):], seq)
	binary.BigEndian.PutUint32(c.expected[wire.SeqOffset(method):], seq)
	if transport.HasTTHeader() {
		binary.BigEndian.PutUint32(c.request[wire.TTHeaderSeqOffset:], seq)
	}
	putHex(c.argument[8:24], c.calls)
	putHex(c.value[8:24], c.calls)
	c.sent = 0
}

func putHex(dst []byte, v uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = "0123456789abcdef"[v&15]
		v >>= 4
	}
}

// run returns when all calls are answered or overdue after the last phase began.
func (w *worker) run() error {
	runtime.LockOSThread()
	defer unix.Close(w.epoll)
	defer unix.Close(w.wake)
	events := make([]unix.EpollEvent, 256)
	var drainUntil time.Time
	nextSweep := time.Now()
	for {
		now := time.Now()
		if !now.Before(nextSweep) {
			nextSweep = now.Add(sweepEvery)
			draining := w.phase.Load() == phaseDrain
			if draining && drainUntil.IsZero() {
				drainUntil = now.Add(w.timeout)
			}
			w.sweep(now, draining)
			if draining && (w.idle() || now.After(drainUntil)) {
				for _, c := range w.conns {
					w.close(c)
				}
				return nil
			}
		}
		n, err := unix.EpollWait(w.epoll, events, int(sweepEvery/time.Millisecond))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			if e.Fd == wakeEvent {
				w.unpark()
				continue
			}
			w.serve(w.conns[e.Fd], e.Events)
		}
	}
}

// resume begins calls again, from any goroutine.
func (w *worker) resume() {
	w.paused.Store(false)
	one := [8]byte{1}
	// It can only fail when there is an event already.
	_, _ = unix.Write(w.wake, one[:])
}

func (w *worker) unpark() {
	var events [8]byte
	_, _ = unix.Read(w.wake, events[:])
	for _, c := range w.conns {
		if c.parked {
			c.parked = false
			w.send(c)
		}
	}
}

func (w *worker) idle() bool {
	for _, c := range w.conns {
		if !c.started.IsZero() || c.session != nil && c.fd >= 0 && c.session.busy() {
			return false
		}
	}
	return true
}

// sweep fails overdue calls and, before the end, dials what is not connected.
func (w *worker) sweep(now time.Time, draining bool) {
	for _, c := range w.conns {
		if !c.started.IsZero() && now.Sub(c.started) > w.timeout {
			w.fail(c, "no reply in time")
		}
		if c.session != nil && c.fd >= 0 && !c.dialing && c.session.overdue(now.Add(-w.timeout)) {
			w.fail(c, "no reply in time")
		}
		if c.fd < 0 && !draining {
			if err := w.dial(c); err != nil {
				w.fail(c, fmt.Sprintf("connect: %v", err))
			}
		}
	}
}

func (w *worker) dial(c *conn) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.fd, c.dialing, c.fill, c.started = fd, true, 0, time.Now()
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	if err := unix.Connect(fd, &w.target); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return err
	}
	index := int32(0)
	for w.conns[index] != c {
		index++
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLET, Fd: index}
	return unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &event)
}

// fail counts one error and closes the connection; the next sweep dials anew.
func (w *worker) fail(c *conn, reason string) {
	w.errors++
	if w.firstError == "" {
		w.firstError = reason
	}
	w.close(c)
}

func (w *worker) close(c *conn) {
	if c.fd >= 0 {
		unix.Close(c.fd)
	}
	c.fd, c.dialing, c.fill, c.started, c.parked = -1, false, 0, time.Time{}, false
}

func (w *worker) serve(c *conn, events uint32) {
	if c.fd < 0 {
		return
	}
	if c.dialing {
		if events&unix.EPOLLOUT == 0 {
			w.fail(c, "connect: refused")
			return
		}
		c.dialing = false
		if c.session != nil {
			c.started = time.Time{}
			c.request, c.sent = c.request[:0], 0
			c.session.open(c)
			w.flush(c)
			return
		}
		w.send(c)
		return
	}
	if c.sent < len(c.request) && events&unix.EPOLLOUT != 0 && !w.write(c) {
		return
	}
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		w.read(c)
	}
}

// send starts the next call, or none when the run ends, and later when the worker is paused.
func (w *worker) send(c *conn) {
	if w.phase.Load() == phaseDrain {
		c.started = time.Time{}
		return
	}
	if w.paused.Load() {
		c.started, c.parked = time.Time{}, true
		return
	}
	c.nextCall(w.transport)
	c.started = time.Now()
	w.write(c)
}

func (w *worker) write(c *conn) bool {
	n, err := rawio.Write(c.fd, c.request[c.sent:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return true // the edge comes when there is room
	}
	if err != 0 {
		w.fail(c, fmt.Sprintf("write: %v", err))
		return false
	}
	c.sent += n
	return true
}

// read takes what has come. Edge-triggered: it must not stop before a short
// read has shown that nothing is left.
func (w *worker) read(c *conn) {
	for {
		room := len(c.in) - c.fill
		n, err := rawio.Read(c.fd, c.in[c.fill:])
		switch {
		case err == syscall.EAGAIN:
			return
		case err == syscall.EINTR:
			continue
		case err != 0:
			w.fail(c, fmt.Sprintf("read: %v", err))
			return
		case n == 0:
			if c.started.IsZero() && (c.session == nil || !c.session.busy()) {
				w.close(c)
			} else {
				w.fail(c, "closed by the peer")
			}
			return
		}
		c.fill += n
		if !w.take(c) || n < room {
			return
		}
	}
}

// take checks the reply if all of it is there and sends the next call. False
// means that the connection was given up.
func (w *worker) take(c *conn) bool {
	if c.session != nil {
		return w.takeSession(c)
	}
	f, err := wire.Next(c.in[:c.fill])
	if err != nil {
		w.mismatches++
		w.fail(c, "not a reply: "+err.Error())
		return false
	}
	if f.Size == 0 {
		if c.fill == len(c.in) {
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
		return true
	}
	if f.Size != c.fill || c.started.IsZero() || c.sent < len(c.request) {
		w.mismatches++
		w.fail(c, "more than one reply to one call")
		return false
	}
	if !w.isExpected(c, f) {
		w.mismatches++
		if w.firstError == "" {
			w.firstError = fmt.Sprintf("unexpected reply %.80q", f.Message)
		}
	} else if w.phase.Load() == phaseMeasure {
		w.latencies.Record(time.Since(c.started))
	}
	c.fill = 0
	w.send(c)
	return c.fd >= 0
}

// isExpected compares all that a call determines; of a TTHeader that is the
// sequence id, as every hop may add entries of its own.
func (w *worker) isExpected(c *conn, f wire.Frame) bool {
	if f.Transport != w.transport || !bytes.Equal(f.Message, c.expected) {
		return false
	}
	return !f.Transport.HasTTHeader() || f.HeaderSeq == int32(uint32(c.calls)&0x7fffffff)
}
