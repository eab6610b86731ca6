package h2

import (
	"bytes"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func TestFramesAreCutAsTheyWereWritten(t *testing.T) {
	var wire bytes.Buffer
	framer := http2.NewFramer(&wire, nil)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(framer.WriteDataPadded(3, true, []byte("abc"), make([]byte, 9)))
	must(framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 5, BlockFragment: []byte("hdr"), EndHeaders: true, PadLength: 4, Priority: http2.PriorityParam{Weight: 3}}))
	must(framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 77}))
	must(framer.WriteWindowUpdate(0, 99))
	whole := wire.Bytes()

	for n := range whole {
		if f, err := Next(whole[:min(n, 20)]); err != nil || f.Size != 0 && n < 22 {
			t.Fatalf("of %d bytes: %v, %v", n, f, err)
		}
	}
	data, _ := Next(whole)
	if string(data.Payload) != "abc" || data.Stream != 3 || !data.Has(EndStream) || data.Counted != 13 {
		t.Errorf("%+v", data)
	}
	whole = whole[data.Size:]
	headers, _ := Next(whole)
	if string(headers.Payload) != "hdr" || headers.Stream != 5 || !headers.Has(EndHeaders) || headers.Counted != 0 {
		t.Errorf("%+v", headers)
	}
	whole = whole[headers.Size:]
	settings, _ := Next(whole)
	if Setting(settings.Payload, InitialWindowSize, 1) != 77 || Setting(settings.Payload, 9, 1) != 1 {
		t.Errorf("%+v", settings)
	}
	whole = whole[settings.Size:]
	update, _ := Next(whole)
	if Increment(update.Payload) != 99 || update.Size != len(whole) {
		t.Errorf("%+v", update)
	}
}

func TestHostileFramesAreErrors(t *testing.T) {
	for _, wire := range []string{
		"\x00\x40\x01\x00\x00\x00\x00\x00\x01",         // too long
		"\x00\x00\x00\x00\x08\x00\x00\x00\x01",         // padded, without a length
		"\x00\x00\x01\x00\x08\x00\x00\x00\x01\x01",     // more padding than there is
		"\x00\x00\x02\x01\x20\x00\x00\x00\x01\x01\x02", // half a priority
	} {
		if f, err := Next([]byte(wire)); err == nil {
			t.Errorf("%q gave %+v", wire, f)
		}
	}
}

func TestOthersReadTheHeaderLists(t *testing.T) {
	fields := []Field{{":method", "POST"}, {"content-type", "application/grpc"}, {"user-agent", "bench"}}
	decoder := hpack.NewDecoder(4096, nil)
	for _, block := range [][]byte{AppendIndexed(nil, fields), AppendAgain(nil, fields), AppendPlain(nil, fields), AppendAgain(nil, fields)} {
		read, err := decoder.DecodeFull(block)
		if err != nil || len(read) != len(fields) {
			t.Fatalf("%v, %v", read, err)
		}
		for i, f := range fields {
			if read[i].Name != f.Name || read[i].Value != f.Value {
				t.Errorf("%v instead of %v", read[i], f)
			}
		}
	}
}
