package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"golang.org/x/net/http2"

	"sluice.io/bench/rivals/internal/wire"
)

// http2Client calls the backend with Go's own HTTP/2 client.
func http2Client(t *testing.T) *http.Client {
	t.Helper()
	conn := dial(t)
	transport := &http2.Transport{
		AllowHTTP: true,
		DialTLS:   func(string, string, *tls.Config) (net.Conn, error) { return conn, nil },
	}
	return &http.Client{Transport: transport}
}

func TestGRPCMessagesComeBack(t *testing.T) {
	client := http2Client(t)
	var group sync.WaitGroup
	// Some of them more than the window of a stream and of the connection.
	for _, size := range []int{0, 1, 133, 20_000, 300_000, 300_000} {
		group.Go(func() {
			body := bytes.Repeat([]byte{byte(size)}, size)
			response, err := client.Post("http://backend/bench.Echo/echo", "application/grpc", bytes.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			back, err := io.ReadAll(response.Body)
			if err != nil || !bytes.Equal(back, body) {
				t.Errorf("%d bytes instead of %d, %v", len(back), size, err)
			}
			if response.Trailer.Get("grpc-status") != "0" {
				t.Errorf("trailers %v", response.Trailer)
			}
		})
	}
	group.Wait()
}

func TestTTStreamFramesComeBack(t *testing.T) {
	c := dial(t)
	frames := []wire.StreamFrame{
		{ID: 7, Type: wire.StreamHeader},
		{ID: 7, Type: wire.StreamData, Payload: []byte("one")},
		{ID: -3, Type: wire.StreamHeader},
		{ID: -3, Type: wire.StreamData, Payload: []byte("two")},
		{ID: 7, Type: wire.StreamTrailer},
	}
	var sent, want []byte
	for _, f := range frames {
		service := ""
		if f.Type == wire.StreamHeader {
			service = "Echo"
		}
		sent = wire.AppendStreamFrame(sent, f.ID, f.Type, service, "echo", f.Payload)
		want = wire.AppendStreamFrame(want, f.ID, f.Type, "", "echo", f.Payload)
	}
	for i := range sent {
		if _, err := c.Write(sent[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, c, want)
}
