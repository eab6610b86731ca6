// Package wire builds and cuts the few Thrift bytes that the bench needs:
// strict-binary messages with one string field, in four framings.
//
//	buffered         message
//	framed           u32 length | message
//	ttheader-framed  TTHeader   | u32 length | message
//	ttheader         TTHeader   | message
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Transport is one of the four framings.
type Transport int

const (
	Framed Transport = iota
	TTHeaderFramed
	TTHeader
	Buffered
)

// Thrift message types.
const (
	Call      = 1
	Reply     = 2
	Exception = 3
	Oneway    = 4
)

// MaxFrame bounds what a peer can make us buffer.
const MaxFrame = 16 << 20

const (
	magicTTHeader = 0x1000
	magicBinary   = 0x8001

	// ttheaderFixed counts the bytes of a TTHeader from its magic to its
	// size, that is what LENGTH counts beside the header and the payload.
	ttheaderFixed = 10

	typeStop   = 0
	typeI32    = 8
	typeString = 11
)

var (
	errFraming = errors.New("neither framed Thrift nor TTHeader")
	errTooLong = errors.New("frame too long")
	errMessage = errors.New("malformed Thrift message")
)

// ParseTransport reads a transport's command line name.
func ParseTransport(name string) (Transport, error) {
	switch name {
	case "framed":
		return Framed, nil
	case "ttheader-framed":
		return TTHeaderFramed, nil
	case "ttheader":
		return TTHeader, nil
	case "buffered":
		return Buffered, nil
	}
	return 0, fmt.Errorf("unknown transport %q: framed, ttheader-framed, ttheader or buffered", name)
}

// text is a name as a program or a message holds it, so that neither is copied.
type text interface{ ~string | ~[]byte }

// Pair is one entry of a TTHeader int section.
type Pair struct {
	Key   uint16
	Value string
}

// Info is what a TTHeader carries. Kitex calls the string "isn": the IDL
// service name; it is left out when empty.
type Info struct {
	Service string
	Key     string // x-api-key
	Pairs   []Pair
}

// HasTTHeader tells whether messages stand behind a TTHeader.
func (t Transport) HasTTHeader() bool { return t == TTHeaderFramed || t == TTHeader }

// AppendFramed appends message in the given framing. The TTHeader's own
// sequence id is seq; without a TTHeader info is not used.
func AppendFramed(dst []byte, t Transport, seq int32, info Info, message []byte) []byte {
	if t.HasTTHeader() {
		payload := len(message)
		if t == TTHeaderFramed {
			payload += 4
		}
		dst = appendTTHeader(dst, seq, info, payload)
	}
	if t == Framed || t == TTHeaderFramed {
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(message)))
	}
	return append(dst, message...)
}

func appendTTHeader(dst []byte, seq int32, info Info, payload int) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0) // LENGTH, patched below
	dst = binary.BigEndian.AppendUint16(dst, magicTTHeader)
	dst = append(dst, 0, 0) // flags
	dst = binary.BigEndian.AppendUint32(dst, uint32(seq))
	dst = append(dst, 0, 0) // size in words, patched below
	header := len(dst)
	dst = append(dst, 0, 0) // protocol id: Thrift binary; no transforms
	strings := []string{"isn", info.Service, "x-api-key", info.Key}
	if info.Key == "" {
		strings = strings[:2]
	}
	if info.Service != "" {
		dst = append(dst, 0x01)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(strings)/2))
		for _, s := range strings {
			dst = appendString16(dst, s)
		}
	}
	if len(info.Pairs) > 0 {
		dst = append(dst, 0x10)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(info.Pairs)))
		for _, p := range info.Pairs {
			dst = binary.BigEndian.AppendUint16(dst, p.Key)
			dst = appendString16(dst, p.Value)
		}
	}
	for (len(dst)-header)%4 != 0 {
		dst = append(dst, 0)
	}
	size := len(dst) - header
	binary.BigEndian.PutUint16(dst[header-2:], uint16(size/4))
	binary.BigEndian.PutUint32(dst[start:], uint32(ttheaderFixed+size+payload))
	return dst
}

func appendString16(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// AppendMessage appends a strict-binary message whose struct holds one string
// field: field 1 is the first argument of a call, field 0 the value of a reply.
func AppendMessage[M text](dst []byte, kind byte, method M, seq int32, field uint16, value []byte) []byte {
	dst = append(dst, 0x80, 0x01, 0, kind)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(method)))
	dst = append(dst, method...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(seq))
	dst = append(dst, typeString)
	dst = binary.BigEndian.AppendUint16(dst, field)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(value)))
	dst = append(dst, value...)
	return append(dst, 0)
}

// SeqOffset is where the sequence id stands in a message of that method;
// ValueOffset is where the value of its only field begins.
func SeqOffset[M text](method M) int   { return 8 + len(method) }
func ValueOffset[M text](method M) int { return 8 + len(method) + 4 + 7 }

// TTHeaderSeqOffset is where a TTHeader's sequence id stands.
const TTHeaderSeqOffset = 8

// Frame is one frame cut from a stream; Message points into the stream.
type Frame struct {
	Transport Transport
	HeaderSeq int32 // of the TTHeader, 0 without one
	Message   []byte
	Size      int // bytes of the whole frame
}

// Next cuts the first frame off buf. It returns a zero Size and no error when
// buf does not hold all of it yet.
func Next(buf []byte) (Frame, error) {
	if len(buf) < 6 {
		return Frame{}, nil
	}
	if binary.BigEndian.Uint16(buf) == magicBinary {
		size, err := messageSize(buf)
		if err != nil || size == 0 {
			return Frame{}, err
		}
		return Frame{Transport: Buffered, Message: buf[:size], Size: size}, nil
	}
	length := binary.BigEndian.Uint32(buf)
	magic := binary.BigEndian.Uint16(buf[4:])
	if magic != magicBinary && magic != magicTTHeader {
		return Frame{}, errFraming
	}
	if length > MaxFrame {
		return Frame{}, errTooLong
	}
	size := 4 + int(length)
	if len(buf) < size {
		return Frame{}, nil
	}
	if magic == magicBinary {
		return Frame{Transport: Framed, Message: buf[4:size], Size: size}, nil
	}
	if length < ttheaderFixed {
		return Frame{}, errFraming
	}
	payload := 4 + ttheaderFixed + 4*int(binary.BigEndian.Uint16(buf[12:]))
	if payload+6 > size {
		return Frame{}, errFraming
	}
	f := Frame{
		Transport: TTHeader,
		HeaderSeq: int32(binary.BigEndian.Uint32(buf[TTHeaderSeqOffset:])),
		Message:   buf[payload:size],
		Size:      size,
	}
	if binary.BigEndian.Uint16(f.Message) != magicBinary {
		if uint64(binary.BigEndian.Uint32(f.Message))+4 != uint64(len(f.Message)) {
			return Frame{}, errFraming
		}
		f.Transport = TTHeaderFramed
		f.Message = f.Message[4:]
	}
	return f, nil
}

// messageSize finds the end of a message whose struct has only strings and
// i32s, which is all that is sent here; 0 when it is not there yet.
func messageSize(buf []byte) (int, error) {
	if len(buf) < 8 {
		return 0, nil
	}
	name := binary.BigEndian.Uint32(buf[4:])
	if name > MaxFrame {
		return 0, errTooLong
	}
	for at := 12 + int(name); at < len(buf); {
		switch buf[at] {
		case typeStop:
			return at + 1, nil
		case typeI32:
			at += 7
		case typeString:
			if len(buf) < at+7 {
				return 0, nil
			}
			n := binary.BigEndian.Uint32(buf[at+3:])
			if n > MaxFrame {
				return 0, errTooLong
			}
			at += 7 + int(n)
		default:
			return 0, errFraming
		}
	}
	return 0, nil
}

// CallView is a message taken apart; the slices point into the message.
type CallView struct {
	Kind   byte
	Method []byte
	Seq    int32
	Body   []byte
}

// ParseCall takes a message apart as far as its body.
func ParseCall(message []byte) (CallView, error) {
	if len(message) < 13 || binary.BigEndian.Uint16(message) != magicBinary {
		return CallView{}, errMessage
	}
	name := binary.BigEndian.Uint32(message[4:])
	if name == 0 || uint64(name)+13 > uint64(len(message)) {
		return CallView{}, errMessage
	}
	end := 8 + int(name)
	return CallView{
		Kind:   message[3],
		Method: message[8:end],
		Seq:    int32(binary.BigEndian.Uint32(message[end:])),
		Body:   message[end+4:],
	}, nil
}

// OnlyString returns the string of a struct that has that one field alone.
func OnlyString(body []byte, field uint16) ([]byte, bool) {
	if len(body) < 8 || body[0] != typeString || binary.BigEndian.Uint16(body[1:]) != field {
		return nil, false
	}
	n := binary.BigEndian.Uint32(body[3:])
	if uint64(n)+8 != uint64(len(body)) || body[len(body)-1] != 0 {
		return nil, false
	}
	return body[7 : len(body)-1], true
}
