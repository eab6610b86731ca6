package wire

import (
	"encoding/hex"
	"testing"
)

// Frames that a Kitex v0.16.3 client and server have written.
var streamVectors = []struct {
	hex     string
	kind    int
	payload string
}{
	{"000000461000000200000001000f1000010002000369736e000b4563686f53657276696365000e5250435f504552534953545f706b0002707610000200090003486472001b0001320000", StreamHeader, ""},
	{"00000028100000020000000100051000100002001b000133000900034864720000000b000100000002686900", StreamData, "0b000100000002686900"},
	{"000000261000000200000001000710000100010002743100027476100002001b00013400090003486472", StreamTrailer, ""},
}

func TestKitexStreamFramesAreRead(t *testing.T) {
	for _, v := range streamVectors {
		whole, err := hex.DecodeString(v.hex)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			if f, err := NextStream(whole[:n]); err != nil || f.Size != 0 {
				t.Fatalf("of %d bytes: %+v, %v", n, f, err)
			}
		}
		f, err := NextStream(append(whole, 1, 2, 3))
		if err != nil || f.ID != 1 || f.Type != v.kind || f.Size != len(whole) || hex.EncodeToString(f.Payload) != v.payload {
			t.Errorf("%+v, %v", f, err)
		}
	}
}

func TestOwnStreamFramesAreRead(t *testing.T) {
	wire := AppendStreamFrame(nil, -7, StreamHeader, "Echo", "echo", nil)
	wire = AppendStreamFrame(wire, -7, StreamData, "", "echo", []byte("payload"))
	header, err := NextStream(wire)
	if err != nil || header.ID != -7 || header.Type != StreamHeader || len(header.Payload) != 0 {
		t.Errorf("%+v, %v", header, err)
	}
	data, err := NextStream(wire[header.Size:])
	if err != nil || data.Type != StreamData || string(data.Payload) != "payload" || header.Size+data.Size != len(wire) {
		t.Errorf("%+v, %v", data, err)
	}
}

func TestDamagedStreamFramesAreErrorsOrFrames(t *testing.T) {
	for _, v := range streamVectors {
		whole, _ := hex.DecodeString(v.hex)
		for i := range whole {
			for _, b := range []byte{0, 1, 0x10, 0x7f, 0xff} {
				damaged := append([]byte{}, whole...)
				damaged[i] = b
				if f, err := NextStream(damaged); err == nil && f.Size > len(damaged) {
					t.Errorf("byte %d as %x: %+v", i, b, f)
				}
			}
		}
	}
}
