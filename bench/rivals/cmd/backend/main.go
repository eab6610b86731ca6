// Command backend is a downstream service that costs next to nothing: one
// thread, one epoll, no allocation per call. It answers every Thrift call,
// in any framing, with the call's own string argument, and sends back every
// message of gRPC and of ttstream.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("backend: ")
	addr := flag.String("addr", "127.0.0.1:7000", "`host:port` to listen on; port 0 takes a free one")
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}

	// Buffers are kept and reused: there is no garbage to look for.
	debug.SetGCPercent(-1)
	runtime.LockOSThread()

	listener, bound, err := listen(*addr)
	if err != nil {
		log.Fatalf("listen on %s: %v", *addr, err)
	}
	l, err := newLoop(listener)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stdout, "LISTENING", bound)
	log.Fatal(l.run())
}

// listen opens a non-blocking listening socket and tells where it is bound.
func listen(addr string) (fd int, bound string, err error) {
	tcp, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return 0, "", err
	}
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, "", err
	}
	defer func() {
		if err != nil {
			unix.Close(fd)
		}
	}()
	if err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return 0, "", err
	}
	sa := &unix.SockaddrInet4{Port: tcp.Port}
	copy(sa.Addr[:], tcp.IP.To4())
	if err = unix.Bind(fd, sa); err != nil {
		return 0, "", err
	}
	if err = unix.Listen(fd, 1024); err != nil {
		return 0, "", err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, "", err
	}
	in4 := name.(*unix.SockaddrInet4)
	return fd, net.JoinHostPort(net.IP(in4.Addr[:]).String(), strconv.Itoa(in4.Port)), nil
}
