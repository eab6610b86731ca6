package procstat

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

func TestTreeCountsChildrenAliveAndGone(t *testing.T) {
	tree := func() Usage {
		t.Helper()
		all, err := ReadProcesses()
		if err != nil {
			t.Fatal(err)
		}
		u, err := all.Tree(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	before := tree()
	child := exec.Command("sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	alive := tree()
	_ = child.Process.Kill()
	_ = child.Wait()
	gone := tree()
	if spent := alive.CPU - before.CPU; spent < 30*time.Millisecond {
		t.Errorf("a busy child used %v", spent)
	}
	if gone.CPU < alive.CPU {
		t.Errorf("CPU time went back from %v to %v", alive.CPU, gone.CPU)
	}
	if alive.ResidentKiB <= gone.ResidentKiB/2 || before.ResidentKiB == 0 {
		t.Errorf("resident: %d, with the child %d, after it %d KiB", before.ResidentKiB, alive.ResidentKiB, gone.ResidentKiB)
	}
}

func TestAProcessThatIsNotThereIsAnError(t *testing.T) {
	if _, err := (Processes{1: {}}).Tree(2); err == nil {
		t.Error("no error")
	}
}

func TestMachineIsBusy(t *testing.T) {
	if m, err := ReadMachine(); err != nil || m.Busy <= 0 {
		t.Errorf("%+v, %v", m, err)
	}
}
