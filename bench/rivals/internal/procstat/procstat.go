// Package procstat reads the CPU time and memory of a process tree, and how
// busy the whole machine is, from /proc.
package procstat

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc CPU times: USER_HZ is 100 on every Linux port
// that this bench runs on.
const tick = 10 * time.Millisecond

type process struct {
	parent   int
	cpu      time.Duration // own threads, and children already waited for
	resident int64         // KiB
}

// Usage is the sum over a process and all its descendants.
type Usage struct {
	CPU         time.Duration
	ResidentKiB int64
}

// Processes are all processes at one moment.
type Processes map[int]process

// ReadProcesses lists /proc; what ends meanwhile is left out.
func ReadProcesses() (Processes, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	found := Processes{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			if p, err := read(pid); err == nil {
				found[pid] = p
			}
		}
	}
	return found, nil
}

// Tree sums the process tree below root, root included. Children that ended
// stay in the sum by way of their parent, so CPU never goes back.
func (ps Processes) Tree(root int) (Usage, error) {
	if _, ok := ps[root]; !ok {
		return Usage{}, fmt.Errorf("process %d has gone", root)
	}
	var sum Usage
	for pid, p := range ps {
		if ps.belongs(pid, root) {
			sum.CPU += p.cpu
			sum.ResidentKiB += p.resident
		}
	}
	return sum, nil
}

// belongs tells whether pid is root or descends from it. Parents are looked
// up at most as often as there are processes, whatever /proc said.
func (ps Processes) belongs(pid, root int) bool {
	for range ps {
		if pid == root {
			return true
		}
		pid = ps[pid].parent
	}
	return false
}

func read(pid int) (process, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return process{}, err
	}
	// The command name may hold anything, blanks and brackets too.
	end := bytes.LastIndexByte(raw, ')')
	fields := strings.Fields(string(raw[end+1:]))
	if end < 0 || len(fields) < 22 {
		return process{}, fmt.Errorf("cannot read the state of process %d", pid)
	}
	var p process
	p.parent, _ = strconv.Atoi(fields[1])
	for _, f := range fields[11:15] { // utime stime cutime cstime
		n, _ := strconv.ParseInt(f, 10, 64)
		p.cpu += time.Duration(n) * tick
	}
	pages, _ := strconv.ParseInt(fields[21], 10, 64)
	p.resident = pages * int64(os.Getpagesize()) / 1024
	return p, nil
}

// Machine is the CPU time of all CPUs together since boot.
type Machine struct {
	Busy  time.Duration
	Steal time.Duration
}

// ReadMachine reads the first line of /proc/stat.
func ReadMachine() (Machine, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Machine{}, err
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 {
		return Machine{}, fmt.Errorf("cannot read /proc/stat")
	}
	var m Machine
	for i, f := range fields[1:9] { // user nice system idle iowait irq softirq steal
		n, _ := strconv.ParseInt(f, 10, 64)
		switch i {
		case 3, 4:
		case 7:
			m.Steal += time.Duration(n) * tick
		default:
			m.Busy += time.Duration(n) * tick
		}
	}
	return m, nil
}
