// Package histogram counts durations in log-linear buckets: 128 equal steps
// for every power of two, so that a quantile is right to within 0.8 %.
package histogram

import (
	"math/bits"
	"time"
)

const (
	stepBits = 7
	steps    = 1 << stepBits
	// The last bucket ends beyond half an hour.
	buckets = steps * (42 - stepBits)
)

// Histogram is not safe for concurrent use; give each thread its own and Merge.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
	max    time.Duration
}

// Record counts one duration.
func (h *Histogram) Record(d time.Duration) {
	h.counts[index(d)]++
	h.total++
	h.max = max(h.max, d)
}

// Merge adds other's counts to h.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// Total is the number of durations recorded.
func (h *Histogram) Total() uint64 { return h.total }

// Max is the greatest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns a duration that at least the share q of all does not exceed.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := max(uint64(q*float64(h.total)+0.5), 1)
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

func index(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < steps {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - stepBits
	return min((shift+1)*steps+int(v>>shift)-steps, buckets-1)
}

// upper is the greatest duration that falls into bucket i.
func upper(i int) time.Duration {
	if i < steps {
		return time.Duration(i)
	}
	shift := i/steps - 1
	return time.Duration((uint64(i%steps)+steps+1)<<shift - 1)
}
