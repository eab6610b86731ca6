package wire

import (
	"bytes"
	"encoding/hex"
	"testing"
)

func TestFramedCallIsByteExact(t *testing.T) {
	message := AppendMessage(nil, Call, "echo", 7, 1, []byte("hi"))
	got := hex.EncodeToString(AppendFramed(nil, Framed, 7, Info{}, message))
	want := "0000001a" + "80010001" + "00000004" + "6563686f" + "00000007" + "0b0001" + "00000002" + "6869" + "00"
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestTTHeaderReplyIsByteExact(t *testing.T) {
	message := []byte{0x80, 0x01, 0, 2}
	got := hex.EncodeToString(AppendFramed(nil, TTHeader, 9, Info{Pairs: []Pair{{22, "2"}}}, message))
	want := "0000001a" + "1000" + "0000" + "00000009" + "0003" + "0000" + "10" + "0001" + "0016" + "0001" + "32" + "0000" + "80010002"
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func TestNextCutsWhatAppendFramedWrote(t *testing.T) {
	message := AppendMessage(nil, Call, "echo", -5, 1, []byte("some argument"))
	info := Info{Service: "Echo", Pairs: []Pair{{9, "echo"}, {22, "1"}}}
	for _, transport := range []Transport{Framed, TTHeaderFramed, TTHeader, Buffered} {
		whole := AppendFramed(nil, transport, -5, info, message)
		for n := range whole {
			if f, err := Next(whole[:n]); err != nil || f.Size != 0 {
				t.Fatalf("transport %v, %d of %d bytes: size %d, error %v", transport, n, len(whole), f.Size, err)
			}
		}
		f, err := Next(append(whole, 1, 2, 3))
		if err != nil || f.Size != len(whole) || f.Transport != transport || !bytes.Equal(f.Message, message) {
			t.Fatalf("transport %v: %+v, %v", transport, f, err)
		}
		if transport.HasTTHeader() && f.HeaderSeq != -5 {
			t.Fatalf("transport %v: header sequence id %d", transport, f.HeaderSeq)
		}
		call, err := ParseCall(f.Message)
		if err != nil || string(call.Method) != "echo" || call.Seq != -5 || call.Kind != Call {
			t.Fatalf("%+v, %v", call, err)
		}
		if arg, ok := OnlyString(call.Body, 1); !ok || string(arg) != "some argument" {
			t.Fatalf("%q, %v", arg, ok)
		}
	}
}

func TestNextRefusesWhatItCannotFrame(t *testing.T) {
	for name, in := range map[string]string{
		"buffered, a list":       "80010001" + "00000001" + "61" + "00000001" + "0f000108",
		"buffered, too long":     "80010001" + "00000001" + "61" + "00000001" + "0b00017fffffff",
		"http":                   "474554202f20",
		"too long":               "7fffffff8001",
		"header beyond length":   "0000001010000000000000090fff00000000000000000000",
		"ttheader without frame": "0000001610000000000000090001000000000000000aaaaaaaaa",
	} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if f, err := Next(raw); err == nil {
			t.Errorf("%s: no error, %+v", name, f)
		}
	}
}

func TestOffsetsPointAtSeqAndValue(t *testing.T) {
	message := AppendMessage(nil, Call, "echo", 0x01020304, 1, []byte("value"))
	if got := message[SeqOffset("echo")]; got != 1 {
		t.Errorf("sequence id begins with %d", got)
	}
	if got := string(message[ValueOffset("echo"):][:5]); got != "value" {
		t.Errorf("value is %q", got)
	}
}
