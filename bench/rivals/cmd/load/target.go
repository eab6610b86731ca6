package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// target is one contender, and the workers that call it.
type target struct {
	label   string
	address unix.SockaddrInet4
	watch   int // the root of its process tree, 0 if it is not watched
	phase   atomic.Int32
	workers []*worker
	active  time.Duration // how long it had the turn
}

// parseTargets reads lists with commas between; labels and pids may be left out, for all.
func parseTargets(addresses, labels, pids string) ([]*target, error) {
	var targets []*target
	for _, address := range strings.Split(addresses, ",") {
		at, err := resolve(address)
		if err != nil {
			return nil, fmt.Errorf("address %s: %w", address, err)
		}
		targets = append(targets, &target{address: at})
	}
	if labels != "" {
		list := strings.Split(labels, ",")
		if len(list) != len(targets) {
			return nil, fmt.Errorf("%d labels for %d addresses", len(list), len(targets))
		}
		for i, t := range targets {
			t.label = list[i]
		}
	}
	if pids != "" {
		list := strings.Split(pids, ",")
		if len(list) != len(targets) {
			return nil, fmt.Errorf("%d processes to watch for %d addresses", len(list), len(targets))
		}
		for i, t := range targets {
			pid, err := strconv.Atoi(list[i])
			if err != nil || pid < 1 {
				return nil, fmt.Errorf("process %q to watch is not a number", list[i])
			}
			t.watch = pid
		}
	}
	return targets, nil
}

func resolve(addr string) (unix.SockaddrInet4, error) {
	tcp, err := net.ResolveTCPAddr("tcp4", addr)
	if err != nil {
		return unix.SockaddrInet4{}, err
	}
	sa := unix.SockaddrInet4{Port: tcp.Port}
	copy(sa.Addr[:], tcp.IP.To4())
	return sa, nil
}

// takeTurns calls for so long, one target at a time, and each as often as the others.
func takeTurns(targets []*target, turn, total time.Duration) {
	if len(targets) == 1 {
		begin := time.Now()
		time.Sleep(total)
		targets[0].active += time.Since(begin)
		return
	}
	for _, t := range targets {
		t.pause()
	}
	for end := time.Now().Add(total); time.Now().Before(end); {
		for _, t := range targets {
			begin := time.Now()
			t.resume()
			time.Sleep(turn)
			t.pause()
			t.active += time.Since(begin)
		}
	}
}

// pause lets the calls under way end, and begins no more. They count all the same.
func (t *target) pause() {
	for _, w := range t.workers {
		w.paused.Store(true)
	}
}

func (t *target) resume() {
	for _, w := range t.workers {
		w.resume()
	}
}
