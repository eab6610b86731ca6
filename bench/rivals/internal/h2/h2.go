// Package h2 builds and cuts the few HTTP/2 bytes that the bench needs, and encodes header lists.
// Flow control and the life of streams are the business of those who use it.
package h2

import (
	"encoding/binary"
	"errors"
)

// Preface is what a client says first.
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// FrameHead is the number of bytes before a frame's payload.
const FrameHead = 9

// MaxPayload is what a frame may have unless its receiver allows more.
const MaxPayload = 16384

// DefaultWindow is the flow control window that everything begins with.
const DefaultWindow = 65535

// MaxWindow is the greatest window there is.
const MaxWindow = 1<<31 - 1

// Types of frames.
const (
	Data         = 0
	Headers      = 1
	RstStream    = 3
	Settings     = 4
	Ping         = 6
	GoAway       = 7
	WindowUpdate = 8
	Continuation = 9
)

// Flags of frames.
const (
	EndStream  = 0x1
	Ack        = 0x1
	EndHeaders = 0x4
	padded     = 0x8
	priority   = 0x20
)

// Settings that matter here.
const (
	InitialWindowSize = 4
)

var (
	errTooLong = errors.New("HTTP/2 frame too long")
	errPadding = errors.New("HTTP/2 frame with wrong padding")
)

// Frame is one frame cut from a stream of bytes; Payload points into it, without padding and priority.
type Frame struct {
	Type    byte
	Flags   byte
	Stream  uint32
	Payload []byte
	// Size is the number of bytes of the whole frame, Counted of those that flow control counts.
	Size    int
	Counted int
}

// Has tells whether a flag is set.
func (f Frame) Has(flag byte) bool { return f.Flags&flag != 0 }

// Next cuts the first frame off buf. It returns a zero Size and no error when buf does not hold all of
// it yet.
func Next(buf []byte) (Frame, error) {
	if len(buf) < FrameHead {
		return Frame{}, nil
	}
	length := int(buf[0])<<16 | int(buf[1])<<8 | int(buf[2])
	if length > MaxPayload {
		return Frame{}, errTooLong
	}
	size := FrameHead + length
	if len(buf) < size {
		return Frame{}, nil
	}
	f := Frame{
		Type:    buf[3],
		Flags:   buf[4],
		Stream:  binary.BigEndian.Uint32(buf[5:]) & 0x7fffffff,
		Payload: buf[FrameHead:size],
		Size:    size,
	}
	if f.Type == Data {
		f.Counted = length
	}
	if f.Type != Data && f.Type != Headers {
		return f, nil
	}
	padding := 0
	if f.Has(padded) {
		if len(f.Payload) == 0 {
			return Frame{}, errPadding
		}
		padding = int(f.Payload[0])
		f.Payload = f.Payload[1:]
	}
	if f.Type == Headers && f.Has(priority) {
		if len(f.Payload) < 5 {
			return Frame{}, errPadding
		}
		f.Payload = f.Payload[5:]
	}
	if padding > len(f.Payload) {
		return Frame{}, errPadding
	}
	f.Payload = f.Payload[:len(f.Payload)-padding]
	return f, nil
}

// AppendHead appends what stands before a payload of so many bytes.
func AppendHead(dst []byte, length int, kind, flags byte, stream uint32) []byte {
	dst = append(dst, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(dst, stream)
}

// AppendFrame appends a frame.
func AppendFrame(dst []byte, kind, flags byte, stream uint32, payload []byte) []byte {
	return append(AppendHead(dst, len(payload), kind, flags, stream), payload...)
}

// AppendWindowUpdate appends the return of so many bytes; stream 0 is the connection.
func AppendWindowUpdate(dst []byte, stream, bytes uint32) []byte {
	return binary.BigEndian.AppendUint32(AppendHead(dst, 4, WindowUpdate, 0, stream), bytes)
}

// AppendGreeting appends SETTINGS with the greatest window for streams, and such a window for the
// connection.
func AppendGreeting(dst []byte) []byte {
	dst = AppendHead(dst, 6, Settings, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, InitialWindowSize)
	dst = binary.BigEndian.AppendUint32(dst, MaxWindow)
	return AppendWindowUpdate(dst, 0, MaxWindow-DefaultWindow)
}

// Setting returns the value of a setting, otherwise if the frame does not have it.
func Setting(payload []byte, id uint16, otherwise uint32) uint32 {
	for ; len(payload) >= 6; payload = payload[6:] {
		if binary.BigEndian.Uint16(payload) == id {
			otherwise = binary.BigEndian.Uint32(payload[2:])
		}
	}
	return otherwise
}

// Increment is what a WINDOW_UPDATE gives.
func Increment(payload []byte) int64 {
	if len(payload) < 4 {
		return 0
	}
	return int64(binary.BigEndian.Uint32(payload) & 0x7fffffff)
}

// Field is an entry of a header list, with a name and a value of less than 127 bytes.
type Field struct{ Name, Value string }

// firstDynamic is the index of the entry that came last into HPACK's dynamic table.
const firstDynamic = 62

// AppendIndexed appends a header list as clients write one for the first time on a connection: every
// entry goes into the dynamic table.
func AppendIndexed(dst []byte, fields []Field) []byte {
	for _, f := range fields {
		dst = appendLiteral(append(dst, 0x40), f)
	}
	return dst
}

// AppendAgain appends the header list that AppendIndexed has written on the same connection, where
// nothing has come into the dynamic table since.
func AppendAgain(dst []byte, fields []Field) []byte {
	for i := range fields {
		dst = append(dst, 0x80|byte(firstDynamic+len(fields)-1-i))
	}
	return dst
}

// AppendPlain appends a header list that leaves the dynamic table alone.
func AppendPlain(dst []byte, fields []Field) []byte {
	for _, f := range fields {
		dst = appendLiteral(append(dst, 0), f)
	}
	return dst
}

func appendLiteral(dst []byte, f Field) []byte {
	dst = append(append(dst, byte(len(f.Name))), f.Name...)
	return append(append(dst, byte(len(f.Value))), f.Value...)
}
