// Command report turns what bench/run has collected into one JSON file and a
// table. It fails when a round is missing, or had an error or a wrong reply.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
)

// Start is how a contender started.
type Start struct {
	Label       string  `json:"label"`
	ReadyMillis float64 `json:"readyMillis"`
	IdleKiB     int64   `json:"idleResidentKiB"`
}

// Round is what the table needs of a result of the load tool.
type Round struct {
	Label         string  `json:"label"`
	Round         int     `json:"round"`
	Requests      uint64  `json:"requests"`
	RPS           float64 `json:"rps"`
	P50           float64 `json:"p50us"`
	P99           float64 `json:"p99us"`
	Errors        uint64  `json:"errors"`
	Mismatches    uint64  `json:"mismatches"`
	FirstError    string  `json:"firstError"`
	CPUPerRequest float64 `json:"cpuMicrosPerRequest"`
	CPUCores      float64 `json:"cpuCores"`
	ResidentKiB   int64   `json:"residentKiB"`
	OthersCores   float64 `json:"othersCores"`
	StealCores    float64 `json:"stealCores"`
}

// Spread is a median with the least and the greatest value.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Summary is one line of the table.
type Summary struct {
	Label         string             `json:"label"`
	CPUPerRequest Spread             `json:"cpuMicrosPerRequest"`
	RPS           Spread             `json:"rps"`
	P50           Spread             `json:"p50us"`
	P99           Spread             `json:"p99us"`
	CPUCores      Spread             `json:"cpuCores"`
	ResidentKiB   Spread             `json:"residentKiB"`
	CPURatio      map[string]float64 `json:"cpuRatio"` // to each rival
	Requests      uint64             `json:"requests"`
	Errors        uint64             `json:"errors"`
	Mismatches    uint64             `json:"mismatches"`
}

// allRivals are those that the others are compared with.
var allRivals = []string{"haproxy", "nginx", "envoy", "nghttpx", "kitex", "sluice"}

// tooBusy is how many cores others may use before the figures are doubtful.
const tooBusy = 0.2

func main() {
	log.SetFlags(0)
	log.SetPrefix("report: ")
	startsFile := flag.String("starts", "", "`file` of start records, JSON lines")
	roundsFile := flag.String("rounds", "", "`file` of the load tool's results, JSON lines")
	settings := flag.String("settings", "{}", "`JSON` object to keep with the results")
	wanted := flag.Int("want", 1, "rounds that each contender must have")
	out := flag.String("out", "", "`file` for everything, as JSON")
	flag.Parse()

	starts, _, err := readLines[Start](*startsFile)
	if err != nil {
		log.Fatal(err)
	}
	rounds, raw, err := readLines[Round](*roundsFile)
	if err != nil {
		log.Fatal(err)
	}
	summaries := summarize(starts, rounds)
	if *out != "" {
		if err := save(*out, json.RawMessage(*settings), starts, raw, summaries); err != nil {
			log.Fatal(err)
		}
	}
	printTable(os.Stdout, starts, rounds, summaries)
	if faults := findFaults(starts, rounds, *wanted); len(faults) > 0 {
		fmt.Println()
		for _, f := range faults {
			fmt.Println("FAULT:", f)
		}
		os.Exit(1)
	}
}

func readLines[T any](name string) (parsed []T, raw []json.RawMessage, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	d := json.NewDecoder(f)
	for {
		var line json.RawMessage
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return parsed, raw, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		var t T
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		parsed, raw = append(parsed, t), append(raw, line)
	}
}

func save(name string, settings json.RawMessage, starts []Start, rounds []json.RawMessage, summaries []Summary) error {
	all, err := json.MarshalIndent(map[string]any{
		"settings": settings, "starts": starts, "rounds": rounds, "summary": summaries,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(all, '\n'), 0o644)
}

// summarize keeps the order in which the contenders were started.
func summarize(starts []Start, rounds []Round) []Summary {
	var summaries []Summary
	for _, s := range starts {
		own := roundsOf(rounds, s.Label)
		if len(own) == 0 {
			continue
		}
		sum := Summary{
			Label:         s.Label,
			CPUPerRequest: spread(own, func(r Round) float64 { return r.CPUPerRequest }),
			RPS:           spread(own, func(r Round) float64 { return r.RPS }),
			P50:           spread(own, func(r Round) float64 { return r.P50 }),
			P99:           spread(own, func(r Round) float64 { return r.P99 }),
			CPUCores:      spread(own, func(r Round) float64 { return r.CPUCores }),
			ResidentKiB:   spread(own, func(r Round) float64 { return float64(r.ResidentKiB) }),
			CPURatio:      map[string]float64{},
		}
		for _, r := range own {
			sum.Requests += r.Requests
			sum.Errors += r.Errors
			sum.Mismatches += r.Mismatches
		}
		for _, rival := range allRivals {
			if ratio := pairedRatio(own, roundsOf(rounds, rival)); ratio > 0 {
				sum.CPURatio[rival] = ratio
			}
		}
		summaries = append(summaries, sum)
	}
	return summaries
}

func roundsOf(rounds []Round, label string) []Round {
	var own []Round
	for _, r := range rounds {
		if r.Label == label {
			own = append(own, r)
		}
	}
	return own
}

// pairedRatio is the median of the CPU ratios round by round: what slows the
// machine for a while then slows both sides of a ratio.
func pairedRatio(own, rival []Round) float64 {
	var ratios []float64
	for _, r := range own {
		for _, other := range rival {
			if other.Round == r.Round && other.CPUPerRequest > 0 {
				ratios = append(ratios, r.CPUPerRequest/other.CPUPerRequest)
			}
		}
	}
	return median(ratios)
}

func spread(rounds []Round, value func(Round) float64) Spread {
	var values []float64
	for _, r := range rounds {
		values = append(values, value(r))
	}
	return Spread{Median: median(values), Min: slices.Min(values), Max: slices.Max(values)}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func printTable(w io.Writer, starts []Start, rounds []Round, summaries []Summary) {
	var rivals []string
	for _, rival := range allRivals {
		if len(roundsOf(rounds, rival)) > 0 {
			rivals = append(rivals, rival)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := []string{"contender", "CPU µs/req", "min–max"}
	for _, rival := range rivals {
		head = append(head, "/ "+rival)
	}
	head = append(head, "req/s", "min–max", "p50 µs", "p99 µs", "RSS MiB", "cores", "errors", "wrong", "")
	fmt.Fprintln(t, strings.Join(head, "\t"))
	for _, s := range summaries {
		row := []string{s.Label, fmt.Sprintf("%.2f", s.CPUPerRequest.Median), fmt.Sprintf("%.2f–%.2f", s.CPUPerRequest.Min, s.CPUPerRequest.Max)}
		for _, rival := range rivals {
			if ratio, ok := s.CPURatio[rival]; ok {
				row = append(row, fmt.Sprintf("%.2f", ratio))
			} else {
				row = append(row, "–")
			}
		}
		row = append(row,
			fmt.Sprintf("%.0f", s.RPS.Median), fmt.Sprintf("%.0f–%.0f", s.RPS.Min, s.RPS.Max),
			fmt.Sprintf("%.0f", s.P50.Median), fmt.Sprintf("%.0f", s.P99.Median),
			fmt.Sprintf("%.0f", s.ResidentKiB.Median/1024), fmt.Sprintf("%.2f", s.CPUCores.Median),
			fmt.Sprint(s.Errors), fmt.Sprint(s.Mismatches), "")
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	t.Flush()

	fmt.Fprintln(w)
	for _, s := range starts {
		fmt.Fprintf(w, "%s: ready after %.0f ms, %.0f MiB idle\n", s.Label, s.ReadyMillis, float64(s.IdleKiB)/1024)
	}
	if len(rounds) > 0 {
		others := spread(rounds, func(r Round) float64 { return r.OthersCores })
		steal := spread(rounds, func(r Round) float64 { return r.StealCores })
		fmt.Fprintf(w, "others on this machine used %.2f cores (at most %.2f in a round); %.2f were stolen (at most %.2f)\n",
			others.Median, others.Max, steal.Median, steal.Max)
		if others.Median+steal.Median > tooBusy {
			fmt.Fprintln(w, "NOISY: the machine was too busy for these figures to be quoted; the ratios suffer least")
		}
	}
}

// findFaults lists what makes the figures worthless.
func findFaults(starts []Start, rounds []Round, wanted int) []string {
	var faults []string
	if len(starts) == 0 {
		faults = append(faults, "nothing was measured")
	}
	for _, s := range starts {
		if n := len(roundsOf(rounds, s.Label)); n != wanted {
			faults = append(faults, fmt.Sprintf("%s: %d rounds of %d", s.Label, n, wanted))
		}
	}
	for _, r := range rounds {
		if r.Errors > 0 || r.Mismatches > 0 || r.Requests == 0 {
			faults = append(faults, fmt.Sprintf("%s, round %d: %d requests, %d errors, %d wrong replies: %s",
				r.Label, r.Round, r.Requests, r.Errors, r.Mismatches, r.FirstError))
		}
	}
	return faults
}
