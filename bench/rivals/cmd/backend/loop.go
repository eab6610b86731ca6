package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"sluice.io/bench/rivals/internal/h2"
	"sluice.io/bench/rivals/internal/rawio"
	"sluice.io/bench/rivals/internal/wire"
)

const (
	readAhead = 64 << 10
	// With so much unsent, a connection is not read any further.
	maxPending = 1 << 20
)

// Int key 22 is the message type: a reply, an exception.
var (
	replyInfo     = wire.Info{Pairs: []wire.Pair{{Key: 22, Value: "2"}}}
	exceptionInfo = wire.Info{Pairs: []wire.Pair{{Key: 22, Value: "3"}}}
)

// exceptionBody is a TApplicationException: protocol error, unexpected arguments.
var exceptionBody = append(append(
	[]byte{11, 0, 1, 0, 0, 0, 24}, "want one string, field 1"...),
	8, 0, 2, 0, 0, 0, 7, 0)

// conn is one accepted connection.
type conn struct {
	fd   int
	in   []byte // received and not yet answered: in[:fill]
	fill int
	out  []byte // answers not yet sent: out[sent:]
	sent int
	// interest is what epoll watches for at present.
	interest uint32
	h2       *h2Conn // nil unless the caller speaks HTTP/2
}

// loop serves all connections on the thread that calls run.
type loop struct {
	epoll    int
	listener int
	conns    []*conn // by file descriptor
	spare    []*conn // closed ones, for their buffers
	message  []byte  // scratch space for one reply
}

func newLoop(listener int) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(listener)}
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, listener, &event); err != nil {
		return nil, err
	}
	return &loop{epoll: epoll, listener: listener}, nil
}

// run returns only when epoll itself fails.
func (l *loop) run() error {
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(l.epoll, events, -1)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range events[:n] {
			if int(e.Fd) == l.listener {
				l.accept()
			} else if c := l.conns[e.Fd]; c != nil && !l.serve(c, e.Events) {
				l.close(c)
			}
		}
	}
}

func (l *loop) accept() {
	for {
		fd, _, err := unix.Accept4(l.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ECONNABORTED) {
			continue
		}
		if err != nil { // none left, or no descriptor free
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
			unix.Close(fd)
			continue
		}
		for len(l.conns) <= fd {
			l.conns = append(l.conns, nil)
		}
		var c *conn
		if n := len(l.spare); n > 0 {
			c, l.spare = l.spare[n-1], l.spare[:n-1]
		} else {
			c = &conn{in: make([]byte, readAhead)}
		}
		c.fd, c.interest = fd, unix.EPOLLIN
		l.conns[fd] = c
	}
}

func (l *loop) close(c *conn) {
	l.conns[c.fd] = nil
	unix.Close(c.fd)
	c.fill, c.out, c.sent, c.h2 = 0, c.out[:0], 0, nil
	l.spare = append(l.spare, c)
}

// serve does what an event asks for; false means that the connection is over.
func (l *loop) serve(c *conn, events uint32) bool {
	if events&(unix.EPOLLIN|unix.EPOLLHUP|unix.EPOLLERR) != 0 && c.interest&unix.EPOLLIN != 0 {
		n, err := rawio.Read(c.fd, c.in[c.fill:])
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
		case err != 0 || n == 0:
			return false
		default:
			c.fill += n
			if !l.answer(c) {
				return false
			}
		}
	} else if events&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		return false
	}
	return l.flush(c)
}

// answer turns all whole frames received into replies.
func (l *loop) answer(c *conn) bool {
	done := 0
	if c.h2 == nil && c.fill >= 4 && string(c.in[:4]) == h2.Preface[:4] {
		c.h2 = newH2Conn()
	}
	if c.h2 != nil {
		var err error
		if done, c.out, err = c.h2.answer(c.in[:c.fill], c.out); err != nil {
			return false
		}
	}
	for c.h2 == nil && done < c.fill {
		if wire.IsStream(c.in[done:c.fill]) {
			f, err := wire.NextStream(c.in[done:c.fill])
			if err != nil {
				return false
			}
			if f.Size == 0 {
				break
			}
			c.out = echoStream(c.out, f)
			done += f.Size
			continue
		}
		f, err := wire.Next(c.in[done:c.fill])
		if err != nil {
			return false
		}
		if f.Size == 0 {
			break
		}
		if !l.reply(c, f) {
			return false
		}
		done += f.Size
	}
	if done > 0 {
		c.fill = copy(c.in, c.in[done:c.fill])
	}
	if c.fill == len(c.in) { // a frame longer than the buffer
		c.in = append(c.in, make([]byte, len(c.in))...)
	}
	return true
}

// echoStream answers one frame of ttstream: a stream's header, messages and end are sent back.
func echoStream(out []byte, f wire.StreamFrame) []byte {
	switch f.Type {
	case wire.StreamHeader, wire.StreamTrailer:
		return wire.AppendStreamFrame(out, f.ID, f.Type, "", "echo", nil)
	case wire.StreamData:
		return wire.AppendStreamFrame(out, f.ID, f.Type, "", "echo", f.Payload)
	}
	return out
}

func (l *loop) reply(c *conn, f wire.Frame) bool {
	call, err := wire.ParseCall(f.Message)
	if err != nil {
		return false
	}
	switch call.Kind {
	case wire.Oneway:
		return true
	case wire.Call:
	default:
		return false
	}
	info := replyInfo
	if argument, ok := wire.OnlyString(call.Body, 1); ok {
		l.message = wire.AppendMessage(l.message[:0], wire.Reply, call.Method, call.Seq, 0, argument)
	} else {
		l.message = wire.AppendMessage(l.message[:0], wire.Exception, call.Method, call.Seq, 0, nil)
		l.message = append(l.message[:wire.SeqOffset(call.Method)+4], exceptionBody...)
		info = exceptionInfo
	}
	c.out = wire.AppendFramed(c.out, f.Transport, call.Seq, info, l.message)
	return true
}

// flush sends what it can and has epoll watch for what must come next.
func (l *loop) flush(c *conn) bool {
	if c.sent < len(c.out) {
		n, err := rawio.Write(c.fd, c.out[c.sent:])
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
		case err != 0:
			return false
		default:
			c.sent += n
		}
		if c.sent == len(c.out) {
			c.out, c.sent = c.out[:0], 0
		}
	}
	want := uint32(unix.EPOLLIN)
	if pending := len(c.out) - c.sent; pending > maxPending {
		want = unix.EPOLLOUT
	} else if pending > 0 {
		want = unix.EPOLLIN | unix.EPOLLOUT
	}
	if want == c.interest {
		return true
	}
	c.interest = want
	event := unix.EpollEvent{Events: want, Fd: int32(c.fd)}
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &event) == nil
}
