// Package rawio reads and writes non-blocking sockets without telling the Go
// scheduler: such a call returns at once, so there is nothing to schedule
// around, and the tools of the bench must cost as little as they can.
package rawio

import (
	"syscall"
	"unsafe"
)

// Read reads into p, which must not be empty.
func Read(fd int, p []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), err
}

// Write writes from p. A peer that has gone gives an error, never a signal.
func Write(fd int, p []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
	return int(n), err
}
