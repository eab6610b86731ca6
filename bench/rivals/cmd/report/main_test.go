package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

var (
	starts = []Start{{Label: "haproxy"}, {Label: "kitex"}, {Label: "sluice"}}
	rounds = []Round{
		{Label: "haproxy", Round: 1, Requests: 10, CPUPerRequest: 10},
		{Label: "kitex", Round: 1, Requests: 10, CPUPerRequest: 30},
		{Label: "sluice", Round: 1, Requests: 10, CPUPerRequest: 5},
		{Label: "haproxy", Round: 2, Requests: 10, CPUPerRequest: 20}, // a slow moment
		{Label: "kitex", Round: 2, Requests: 10, CPUPerRequest: 60},
		{Label: "sluice", Round: 2, Requests: 10, CPUPerRequest: 10},
	}
)

func TestRatiosPairTheRounds(t *testing.T) {
	for _, s := range summarize(starts, rounds) {
		if s.Label == "sluice" {
			if s.CPURatio["haproxy"] != 0.5 || math.Abs(s.CPURatio["kitex"]-1.0/6) > 1e-9 {
				t.Errorf("%v", s.CPURatio)
			}
			if s.CPUPerRequest != (Spread{Median: 7.5, Min: 5, Max: 10}) {
				t.Errorf("%+v", s.CPUPerRequest)
			}
			return
		}
	}
	t.Error("no summary")
}

func TestFaultsAreFound(t *testing.T) {
	if faults := findFaults(starts, rounds, 2); len(faults) > 0 {
		t.Errorf("%q", faults)
	}
	if faults := findFaults(starts, rounds[:5], 2); len(faults) != 1 {
		t.Errorf("a missing round: %q", faults)
	}
	for _, bad := range []Round{{Requests: 1, Errors: 1}, {Requests: 1, Mismatches: 1}, {}} {
		if len(findFaults(starts[:1], []Round{{Label: "haproxy", Requests: 1}, bad}, 1)) != 1 {
			t.Errorf("%+v is no fault", bad)
		}
	}
}

func TestTableNamesEveryContender(t *testing.T) {
	var out bytes.Buffer
	printTable(&out, starts, rounds, summarize(starts, rounds))
	for _, s := range starts {
		if !strings.Contains(out.String(), s.Label) {
			t.Errorf("no %s in\n%s", s.Label, out.String())
		}
	}
}
