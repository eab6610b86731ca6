package wire

import (
	"encoding/binary"
	"errors"
	"strconv"
)

// Types of ttstream frames.
const (
	StreamHeader  = 2
	StreamData    = 3
	StreamTrailer = 4
	StreamReset   = 5
)

const (
	flagStreaming = 0x0002
	// structProtocol is the protocol id of frames that hold bare structs.
	structProtocol = 0x10

	keyMethod    = 9
	keyFrameType = 27

	sectionStrings = 0x01
	sectionInts    = 0x10
)

var errStream = errors.New("malformed ttstream frame")

// StreamFrame is one ttstream frame; Payload points into the bytes that it was cut from.
type StreamFrame struct {
	ID      int32
	Type    int
	Payload []byte
	Size    int // bytes of the whole frame
}

// IsStream tells whether a TTHeader begins a ttstream frame; false while that cannot be known.
func IsStream(buf []byte) bool {
	return len(buf) >= 8 && binary.BigEndian.Uint16(buf[4:]) == magicTTHeader &&
		binary.BigEndian.Uint16(buf[6:])&flagStreaming != 0
}

// AppendStreamFrame appends a frame; service is left out when empty.
func AppendStreamFrame(dst []byte, id int32, kind int, service, method string, payload []byte) []byte {
	start := len(dst)
	info := Info{Service: service, Pairs: []Pair{{keyMethod, method}, {keyFrameType, strconv.Itoa(kind)}}}
	dst = appendTTHeader(dst, id, info, len(payload))
	binary.BigEndian.PutUint16(dst[start+6:], flagStreaming)
	dst[start+14] = structProtocol
	return append(dst, payload...)
}

// NextStream cuts the first ttstream frame off buf. It returns a zero Size and no error when buf does
// not hold all of it yet.
func NextStream(buf []byte) (StreamFrame, error) {
	if len(buf) < 14 {
		return StreamFrame{}, nil
	}
	length := binary.BigEndian.Uint32(buf)
	if length > MaxFrame {
		return StreamFrame{}, errTooLong
	}
	size := 4 + int(length)
	if len(buf) < size {
		return StreamFrame{}, nil
	}
	payload := 14 + 4*int(binary.BigEndian.Uint16(buf[12:]))
	if !IsStream(buf) || payload > size || payload < 16 {
		return StreamFrame{}, errStream
	}
	kind, err := frameType(buf[16:payload])
	if err != nil {
		return StreamFrame{}, err
	}
	return StreamFrame{
		ID:      int32(binary.BigEndian.Uint32(buf[TTHeaderSeqOffset:])),
		Type:    kind,
		Payload: buf[payload:size],
		Size:    size,
	}, nil
}

// frameType looks for the entry that says what a frame is.
func frameType(sections []byte) (int, error) {
	at := 0
	u16 := func() int {
		if at+2 > len(sections) {
			at = len(sections) + 1
			return 0
		}
		at += 2
		return int(binary.BigEndian.Uint16(sections[at-2:]))
	}
	for at < len(sections) && sections[at] != 0 {
		kind := sections[at]
		at++
		if kind != sectionStrings && kind != sectionInts {
			return 0, errStream
		}
		for n := u16(); n > 0 && at <= len(sections); n-- {
			key := -1
			if kind == sectionInts {
				key = u16()
			} else {
				at += u16()
			}
			value := u16()
			begin := at
			at += value
			if at > len(sections) {
				return 0, errStream
			}
			if key == keyFrameType && value == 1 {
				return int(sections[begin] - '0'), nil
			}
		}
	}
	return 0, errStream
}
