package histogram

import (
	"math"
	"testing"
	"time"
)

func TestEveryDurationIsWithinItsBucket(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 127, 128, 129, 255, 256, 1000, 12345, 999999, time.Second, 17 * time.Minute} {
		up := upper(index(d))
		if up < d || float64(up) > float64(d)*1.008+1 {
			t.Errorf("%d lies in a bucket that ends at %d", d, up)
		}
		if d > 0 && upper(index(d)-1) >= d {
			t.Errorf("%d also lies in the bucket before its own", d)
		}
	}
	if got := index(100 * time.Hour); got != buckets-1 {
		t.Errorf("beyond the range: bucket %d", got)
	}
}

func TestQuantilesOfAUniformSpread(t *testing.T) {
	var a, b Histogram
	for i := 1; i <= 100000; i++ {
		h := &a
		if i%2 == 0 {
			h = &b
		}
		h.Record(time.Duration(i) * time.Microsecond)
	}
	a.Merge(&b)
	for _, q := range []float64{0.5, 0.9, 0.99, 0.999} {
		want := q * 100000
		if got := float64(a.Quantile(q).Microseconds()); math.Abs(got-want)/want > 0.009 {
			t.Errorf("quantile %v: %v, want about %v", q, got, want)
		}
	}
	if a.Max() != 100*time.Millisecond || a.Quantile(1) != a.Max() || a.Total() != 100000 {
		t.Errorf("max %v, quantile 1 %v, total %d", a.Max(), a.Quantile(1), a.Total())
	}
}
